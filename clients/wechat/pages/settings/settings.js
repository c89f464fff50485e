/** The language, and the way out. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { LANGUAGES, fill } = require('../../lib/texts');

page('settings', {
  data: { name: '', languages: LANGUAGES, spoken: '' },

  async load() {
    this.setData({ spoken: storage.language() });
    const { name } = await session.me();
    return { name: fill(this.data.t.who, { name }) };
  },

  speak(/** @type {any} */ event) {
    const spoken = event.currentTarget.dataset.value;
    return this.act(async () => {
      await session.call('PUT', '/me', { language: spoken });
      storage.setLanguage(spoken);
      this.speaks();
      await this.look();
    });
  },

  leave() {
    this.ask(this.data.t.log_out, this.data.t.log_out_sure, false);
  },

  unlink() {
    this.ask(this.data.t.unlink, this.data.t.unlink_sure, true);
  },

  ask(/** @type {string} */ title, /** @type {string} */ content, /** @type {boolean} */ unlink) {
    const { t } = this.data;
    wx.showModal({
      title,
      content,
      confirmText: t.yes,
      cancelText: t.no,
      success: (answer) => {
        if (!answer.confirm) return;
        this.act(async () => {
          await session.logOut(unlink);
          wx.reLaunch({ url: '/pages/join/join' });
        });
      },
    });
  },
});
