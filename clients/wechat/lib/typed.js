/** What people type or scan, in the signs that the server reads. A Chinese keyboard types figures and letters in full width. */

/**
 * @param {string} text as typed
 * @returns {string} the same in plain signs, without blanks at its ends
 */
function plain(text) {
  return String(text || '').normalize('NFKC').replace(/[。．]/g, '.').trim();
}

/**
 * @param {string} text a second factor, or another number that people copy in groups
 * @returns {string} without blanks and strokes
 */
function figures(text) {
  return plain(text).replace(/[\s-]/g, '');
}

const CODE = /[A-Z2-9]{16}/;

/**
 * Find the letters of an invitation in what was typed, or in the address behind a QR code. Without any, what was typed
 * comes back: the server says best what is wrong with it.
 * @param {string} text
 * @returns {string}
 */
function invitation(text) {
  const bare = plain(text);
  const last = bare.split(/[?#]/)[0].split('/').filter(Boolean).pop() || '';
  const letters = (bare.indexOf('/') < 0 ? bare : last).toUpperCase().replace(/[^A-Z0-9]/g, '');
  return CODE.test(letters) ? letters : bare;
}

/**
 * The invitation with which this page was opened: shared in a chat (`invitation`), by the mini program's own code (`scene`),
 * or by a QR code with the server's link (`q`).
 * @param {{invitation?: string, scene?: string, q?: string}} query
 * @returns {string} empty if there is none
 */
function invitationOf(query) {
  const text = query.invitation || query.scene || query.q || '';
  return text ? invitation(decodeURIComponent(text)) : '';
}

module.exports = { plain, figures, invitation, invitationOf };
