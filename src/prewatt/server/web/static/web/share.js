// "Send the link": the phone's own way to send something, else the clipboard. Without either the button stays away.
document.querySelectorAll("[data-share]").forEach((button) => {
  const {title, address} = button.dataset;
  const mark = () => { button.textContent = "✓ " + button.textContent.trim(); button.disabled = true; };
  if (navigator.share) button.addEventListener("click", () => navigator.share({title, url: address}).catch(() => {}));
  else if (navigator.clipboard) button.addEventListener("click", () => navigator.clipboard.writeText(address).then(mark, () => {}));
  button.hidden = !navigator.share && !navigator.clipboard;
});
