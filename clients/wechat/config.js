/**
 * `server`: the address of the server, with https, without a stroke at the end. `appid`: which mini program this is, for a server
 * that has several and can't see it in WeChat's requests; may be empty. README.md says what else is needed.
 */
module.exports = { server: 'https://power.example.com', appid: '' };
