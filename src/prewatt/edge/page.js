// While the page is looked at, its first part is asked for anew every few seconds. Without a script it stays as it was loaded.
(() => {
  const every = 2000
  const look = async () => {
    if (document.visibilityState === "visible") {
      try {
        const answer = await fetch("/now", { signal: AbortSignal.timeout(20000) })
        // The PIN is asked for anew: no more is shown.
        if (answer.status === 403) return location.replace("/")
        if (answer.ok) document.getElementById("now").outerHTML = await answer.text()
        document.getElementById("now").classList.toggle("old", !answer.ok)
      } catch {
        document.getElementById("now").classList.add("old")
      }
    }
    setTimeout(look, every)
  }
  setTimeout(look, every)
})()
