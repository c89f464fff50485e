/** What was told, which notices come, when they wait, and the consent to messages in WeChat. */

const session = require('../../lib/session');
const storage = require('../../lib/storage');
const subscribing = require('../../lib/subscribing');
const { page } = require('../../lib/page');
const forms = require('../../lib/forms');

/** What is chosen first when somebody wants quiet hours. */
const NIGHT = { begins: 22, ends: 7 };
const HOURS = Array.from({ length: 24 }, (_none, hour) => `${hour < 10 ? '0' : ''}${hour}:00`);

/** @param {any} found @param {any} t @param {string} language */
function shown(found, t, language) {
  return {
    notices: found.notices.map((/** @type {any} */ each, /** @type {number} */ key) => ({
      key,
      title: each.title,
      text: each.text,
      at: forms.when(each.at, t.months, language),
      to: /^\/?pages\//.test(each.page || '') ? `/${each.page.replace(/^\//, '')}` : '',
    })),
    events: found.events,
    quiet: Object.assign({ is_on: Boolean(found.quiet) }, found.quiet || NIGHT),
    channels: (found.channels || []).map((/** @type {any} */ each, /** @type {number} */ key) => ({
      key, title: `${each.title} ${each.address}`, trouble: each.trouble,
    })),
  };
}

page('notices', {
  data: {
    notices: [], events: [], quiet: { is_on: false }, channels: [], templates: [], hours: HOURS, brand: '#0d6b64',
  },

  async load() {
    const found = await session.call('GET', `/me/notices?tenancy=${await session.tenancy()}`);
    return Object.assign(shown(found, this.data.t, storage.language()), { templates: await subscribing.templates(found) });
  },

  subscribe() {
    return this.act(async () => {
      const { t, templates } = this.data;
      const count = await subscribing.ask(templates);
      this.setData(count ? { done: t.will_tell } : { wrong: t.not_allowed });
    });
  },

  /** Store a choice; the switch goes back if it could not be stored. */
  change(/** @type {object} */ choice) {
    return this.act(async () => {
      try {
        const found = await session.call('PUT', '/me/notices', Object.assign({ tenancy: await session.tenancy() }, choice));
        this.setData(shown(found, this.data.t, storage.language()));
      } catch (failure) {
        this.setData({ events: this.data.events, quiet: this.data.quiet });
        throw failure;
      }
    });
  },

  turn(/** @type {any} */ event) {
    return this.change({ events: { [event.currentTarget.dataset.event]: event.detail.value } });
  },

  turnQuiet(/** @type {any} */ event) {
    const { begins, ends } = this.data.quiet;
    return this.change({ quiet: event.detail.value ? { begins, ends } : null });
  },

  setHour(/** @type {any} */ event) {
    const { begins, ends } = this.data.quiet;
    return this.change({ quiet: Object.assign({ begins, ends }, { [event.currentTarget.dataset.end]: Number(event.detail.value) }) });
  },
});
