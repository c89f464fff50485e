// While the gateway starts anew nobody answers: the page is opened again as soon as somebody does.
(() => {
  const look = async () => {
    try {
      const answer = await fetch("/setup", { signal: AbortSignal.timeout(5000) })
      if (answer.ok) return location.replace("/setup")
    } catch {
      // It is not back yet.
    }
    setTimeout(look, 1000)
  }
  setTimeout(look, 3000)
})()
