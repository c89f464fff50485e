/** Asking again while a page is seen: at an even pace, or ever more rarely. */

/** How long to wait before each look at a payment, ms; the last one goes on. */
const BACK_OFF = [1000, 1000, 2000, 3000, 5000, 8000, 13000, 20000, 30000];

/**
 * @param {any} page
 * @param {number} ms
 * @param {() => Promise<void>} look
 */
function every(page, ms, look) {
  stop(page);
  page.timer = setInterval(look, ms);
}

/**
 * Look again and again, until a look says that it was the last.
 * @param {any} page
 * @param {() => Promise<boolean>} look says whether to go on
 * @param {number} [turn]
 */
function backOff(page, look, turn = 0) {
  stop(page);
  const mine = setTimeout(async () => {
    const goesOn = await look();
    // Somebody may have left the page, or come back to it, meanwhile.
    if (goesOn && page.timer === mine) backOff(page, look, turn + 1);
  }, BACK_OFF[Math.min(turn, BACK_OFF.length - 1)]);
  page.timer = mine;
}

/** @param {any} page that is not seen any more */
function stop(page) {
  clearTimeout(page.timer);
  clearInterval(page.timer);
  page.timer = 0;
}

module.exports = { BACK_OFF, every, backOff, stop };
