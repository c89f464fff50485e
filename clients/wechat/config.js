/** Where this mini program's server is: its address with https, without a stroke at the end. README.md says what else it needs. */
module.exports = { server: 'https://power.example.com' };
