// The keypad below a code's field, and the state of the meter, which is asked for anew every few seconds. Without a script the
// page stays as it was loaded, and digits are typed by the phone's own keys.
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
  if (document.getElementById("now")) setTimeout(look, every)

  const keys = document.querySelector(".keys")
  if (!keys) return
  const field = keys.closest("form").elements.code
  const count = keys.querySelector("output")
  const digits = text => text.normalize("NFKC").replace(/[\s\u00ad\u200b-\u200f-]/g, "")
  const show = () => (count.textContent = count.dataset.words.replace("{typed}", field.value.normalize("NFKC").replace(/\D/g, "").length))
  // Four by four, with the caret behind as many digits as before. What is more than digits, as a message that was pasted, the
  // gateway reads by itself.
  const group = (text, caret) => {
    const plain = digits(text)
    if (/^\d*$/.test(plain)) {
      const before = digits(text.slice(0, caret)).length
      field.value = plain.replace(/(.{4})(?=.)/g, "$1 ")
      const place = before + Math.max(Math.ceil(before / 4) - 1, 0)
      field.setSelectionRange(place, place)
    }
    show()
  }
  const press = key => {
    const { value, selectionStart: from, selectionEnd: to } = field
    const before = value.slice(0, from)
    const kept = key === "back" && from === to ? before.trimEnd().slice(0, -1) : before
    field.value = kept + (key === "back" ? "" : key) + value.slice(to)
    group(field.value, kept.length + (key === "back" ? 0 : 1))
  }
  field.inputMode = "none"
  field.addEventListener("input", event => event.isComposing || group(field.value, field.selectionStart))
  field.addEventListener("compositionend", () => group(field.value, field.selectionStart))
  field.addEventListener("keydown", event => {
    if (event.key !== "Enter" || event.isComposing) return
    event.preventDefault()
    field.form.querySelector("button:not([type])").click()
  })
  // The field keeps its caret while keys are pressed.
  keys.addEventListener("pointerdown", event => event.target.closest("button") && event.preventDefault())
  keys.addEventListener("click", event => {
    const key = event.target.closest("button")?.dataset.key
    if (key) press(key)
  })
  field.setSelectionRange(field.value.length, field.value.length)
  group(field.value, field.value.length)
  keys.hidden = false
})()
