// Where the browser is: its time zone is chosen in a form that says so, and with each zone the currency that is used there.
for (const form of document.querySelectorAll("form")) {
  const {zone, currency} = form.elements;
  if (!zone || !currency || zone.disabled) continue;
  const follow = () => {
    const usual = zone.selectedOptions[0]?.dataset.currency;
    if (usual) currency.value = usual;
  };
  zone.addEventListener("change", follow);
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if ("ownZone" in form.dataset && [...zone.options].some(option => option.value === own)) {
    zone.value = own;
    follow();
  }
}
