/** How a WeChat comes to a login: by an invitation's letters, or by name, password and second factor. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { LANGUAGES } = require('../../lib/texts');
const typed = require('../../lib/typed');

page('join', {
  fieldsShown: ['invitation', 'name', 'login', 'password'],
  data: {
    invitation: '', name: '', login: '', password: '', second_factor: '', asks_second: false, languages: LANGUAGES,
  },

  opened(/** @type {any} */ query) {
    this.setData({ invitation: typed.invitationOf(query) });
  },

  byInvitation() {
    const { invitation, name, t } = this.data;
    if (!typed.plain(invitation)) return this.setData({ fields: { invitation: t.no_letters } });
    const proof = { invitation: typed.invitation(invitation) };
    return this.enter(typed.plain(name) ? Object.assign(proof, { name: typed.plain(name) }) : proof);
  },

  byPassword() {
    const { login, password, second_factor: second, t } = this.data;
    if (!login) return this.setData({ fields: { login: t.no_login } });
    if (!password) return this.setData({ fields: { password: t.no_password } });
    const proof = { login: typed.plain(login), password };
    return this.enter(second ? Object.assign(proof, { second_factor: typed.figures(second) }) : proof);
  },

  enter(/** @type {any} */ proof) {
    return this.act(async () => {
      try {
        await session.join(proof);
      } catch (failure) {
        if (failure.needs === 'second-factor') this.setData({ asks_second: true });
        throw failure;
      }
      wx.reLaunch({ url: '/pages/home/home' });
    });
  },

  speak(/** @type {any} */ event) {
    storage.setLanguage(event.currentTarget.dataset.value);
    this.speaks();
  },
});
