// A part of the page as large as the screen: <button data-full-screen="id">, which shows itself where browsers can do so.
// Parts that come later, with a live page, are shown in the place of the one before.
const offer = () => {
  if (!document.fullscreenEnabled) return;
  for (const button of document.querySelectorAll("[data-full-screen]")) button.hidden = false;
};
offer();
document.addEventListener("htmx:afterSettle", offer);
document.addEventListener("click", event => {
  const button = event.target.closest("[data-full-screen]");
  if (button) document.getElementById(button.dataset.fullScreen).requestFullscreen();
});
