// Lets people see the password that they type, and tells how strong a new one is. Without it the forms work as well.
for (const input of document.querySelectorAll("input[type=password][data-show]")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "link show";
  button.textContent = input.dataset.show;
  button.addEventListener("click", () => {
    const hidden = input.type === "password";
    input.type = hidden ? "text" : "password";
    button.textContent = hidden ? input.dataset.hide : input.dataset.show;
    input.focus();
  });
  input.closest("label").after(button);
}

// Bits by what was typed: each sign counts by the kinds of signs there are, a sign like the one before it nearly nothing.
const bits = text => {
  const kinds = [[/[a-z]/, 26], [/[A-Z]/, 26], [/\d/, 10], [/[^\w\s]|_/, 20], [/\s/, 4], [/[^\x00-\x7f]/, 60]];
  const signs = kinds.reduce((sum, [kind, count]) => sum + (kind.test(text) ? count : 0), 0);
  const near = (sign, place) => place && Math.abs(sign.codePointAt() - text.codePointAt(place - 1)) < 2;
  const counted = [...text].reduce((sum, sign, place) => sum + (near(sign, place) ? .2 : 1), 0);
  return Math.min(counted, new Set(text).size * 2) * Math.log2(signs || 1);
};
for (const input of document.querySelectorAll("input[data-strength]")) {
  const words = input.dataset.strength.split("|");
  const output = document.createElement("output");
  output.className = "strength";
  input.after(output);
  input.addEventListener("input", () => {
    const found = bits(input.value);
    const level = input.value.length < 12 ? 0 : found < 50 ? 1 : found < 75 ? 2 : 3;
    output.textContent = input.value ? words[level] : "";
    output.dataset.level = level;
  });
}
