// Shows what needs a passkey only where the browser has them, and starts the library's forms.
if (window.PublicKeyCredential && window.isSecureContext) {
  for (const each of document.querySelectorAll("[data-passkey]")) each.hidden = false;
}
