// Asks the browser for an address that notices can be pushed to, and sends it as the form's own.
const form = document.getElementById("push");
if (form && "serviceWorker" in navigator && "PushManager" in window) {
  form.hidden = false;
  form.addEventListener("submit", async event => {
    if (form.address.value) return;
    event.preventDefault();
    try {
      if (await Notification.requestPermission() !== "granted") throw new Error(form.dataset.refused);
      const worker = await navigator.serviceWorker.register(form.dataset.worker, {scope: "/"});
      await navigator.serviceWorker.ready;
      const key = Uint8Array.from(atob(form.dataset.key.replace(/-/g, "+").replace(/_/g, "/")), sign => sign.charCodeAt(0));
      const found = await worker.pushManager.subscribe({userVisibleOnly: true, applicationServerKey: key});
      form.address.value = JSON.stringify(found);
      form.submit();
    } catch (error) { form.querySelector("small").textContent = error.message; }
  });
}
