// The tenant's pages as an app: has the worker installed, tells it to keep what is shown, and offers to put the app on the first
// screen. Where there is no worker (http without TLS), pages are as they are.

const install = document.getElementById("install");

async function work() {
  await navigator.serviceWorker.register(document.querySelector("link[rel=manifest]").dataset.worker, {scope: "/"});
  const {active} = await navigator.serviceWorker.ready;
  active.postMessage("look");
  // What was seen last is what is shown when the network is away.
  if (document.getElementById("live"))
    document.addEventListener("visibilitychange", () => { if (document.hidden) active.postMessage("look"); });
}

// The page comes first.
if ("serviceWorker" in navigator) window.addEventListener("load", () => work().catch(() => {}));

window.addEventListener("beforeinstallprompt", event => {
  if (!install) return;
  event.preventDefault();
  install.hidden = false;
  install.querySelector("button").hidden = false;
  install.addEventListener("click", () => { event.prompt(); install.hidden = true; }, {once: true});
});

// Safari on an iPhone asks nobody: one has to know where it is.
if (install && navigator.standalone === false) {
  install.hidden = false;
  install.querySelector("span").hidden = false;
}
