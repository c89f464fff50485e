/** Who else sees this flat, and how a flatmate is invited: in a chat of WeChat, by a link, or by letters. */

const { idOf } = require('../../lib/api');
const session = require('../../lib/session');
const storage = require('../../lib/storage');
const { page } = require('../../lib/page');
const { fill } = require('../../lib/texts');
const forms = require('../../lib/forms');

page('residents', {
  data: { residents: [], may_invite: false, invitation: null },

  async load() {
    const { t } = this.data;
    const language = storage.language();
    const found = await session.ofFlat('GET', '/residents');
    return {
      may_invite: found.may_invite,
      residents: found.residents.map((/** @type {any} */ each) => ({
        id: each.id,
        name: each.is_me ? fill(t.you, { name: each.name }) : each.name,
        since: fill(t.since, { day: forms.dayOf(each.since, t.months, language) }),
        remove: `${t.remove} ${each.is_me ? fill(t.you, { name: each.name }) : each.name}`,
        is_me: each.is_me,
        may_be_removed: each.may_be_removed,
      })),
    };
  },

  invite() {
    return this.act(async () => {
      const { t } = this.data;
      const made = await session.ofFlat('POST', `/residents/invitations?asked=${idOf(this, 'invitation')}`);
      this.wish = null;
      const letters = made.code.replace(/[^A-Z0-9]/g, '');
      this.setData({
        invitation: {
          letters,
          groups: letters.match(/.{1,4}/g),
          link: made.link,
          until: fill(t.ends, { at: forms.when(made.ends_at, t.months, storage.language()) }),
        },
      });
    });
  },

  onShareAppMessage() {
    const { t, invitation } = this.data;
    const letters = invitation ? invitation.letters : '';
    return { title: t.shared_title, path: `/pages/join/join${letters ? `?invitation=${letters}` : ''}` };
  },

  copy(/** @type {any} */ event) {
    wx.setClipboardData({ data: event.currentTarget.dataset.text });
  },

  remove(/** @type {any} */ event) {
    const { t } = this.data;
    const { id, name, mine } = event.currentTarget.dataset;
    wx.showModal({
      title: t.remove,
      content: fill(t.remove_sure, { name }),
      confirmText: t.yes,
      cancelText: t.no,
      success: (answer) => {
        if (!answer.confirm) return;
        this.act(async () => {
          await session.ofFlat('DELETE', `/residents/${id}`);
          if (mine) wx.reLaunch({ url: '/pages/home/home' });
          else await this.look();
        });
      },
    });
  },
});
