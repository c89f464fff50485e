/** What all pages have: their words, their title, what went wrong, and a way to try again. */

const storage = require('./storage');
const { textsOf } = require('./texts');

/**
 * Make a page. In its definition, `load` asks for what the page shows, whenever it is seen (with `once`: when it is opened);
 * what it returns is shown. `opened` is told the query. `act` does what a button says; `fieldsShown` are the fields at which the page
 * shows what is wrong with them.
 * @param {string} name its part of the locales; `title` in it is the page's
 * @param {Record<string, any> & ThisType<any>} definition
 */
function page(name, definition) {
  const {
    data, load, once, onShow, fieldsShown = [], ...own
  } = definition;
  /** @type {Record<string, any> & ThisType<any>} */
  const shared = {
    data: Object.assign({ t: textsOf(name), loads: Boolean(load), loaded: false, busy: false, wrong: '', done: '', again: false, fields: {} }, data),

    onLoad(/** @type {any} */ query) {
      this.query = query || {};
      // A message leads to a page of its own flat.
      if (this.query.tenancy) storage.choose(Number(this.query.tenancy));
      this.opened(this.query);
    },

    opened() {},

    /** Take the words of the language that is spoken now. */
    speaks() {
      this.spoken = storage.language();
      this.setData({ t: textsOf(name) });
      wx.setNavigationBarTitle({ title: this.data.t.title });
    },

    async onShow() {
      this.speaks();
      if (onShow) onShow.call(this);
      if (!(once && this.data.loaded)) await this.look();
    },

    async onPullDownRefresh() {
      await this.look();
      wx.stopPullDownRefresh();
    },

    /** Ask for what the page shows. */
    async look() {
      if (!load) return;
      try {
        let found = await load.call(this);
        // A log-in on the way may have said which language the person reads.
        if (this.spoken !== storage.language()) {
          this.speaks();
          found = await load.call(this);
        }
        this.setData(Object.assign({ loaded: true, wrong: '', again: false }, found));
      } catch (failure) {
        this.failed(failure);
        this.setData({ again: true });
      }
    },

    /** Say what went wrong; what is no failure of a call is a fault of ours, and goes on. */
    failed(/** @type {any} */ failure) {
      if (!failure.kind) throw failure;
      const t = this.data.t;
      /** @type {Record<string, string>} */
      const fields = {};
      failure.errors.forEach((/** @type {any} */ each) => { fields[each.field || 'all'] = each.message; });
      // What stands at its field need not stand above, too.
      const isAtFields = failure.errors.length > 0 && failure.errors.every((/** @type {any} */ each) => fieldsShown.includes(each.field));
      const words = failure.kind === 'lost' ? t.lost : failure.words || t.trouble;
      this.setData({ fields, again: false, wrong: isAtFields ? '' : words });
    },

    /**
     * Do what a button says, once at a time; what was typed stays, whatever comes of it.
     * @param {() => Promise<void>} work
     */
    async act(work) {
      if (this.busy) return;
      this.busy = true;
      this.setData({ busy: true, wrong: '', done: '', fields: {} });
      try {
        await work.call(this);
      } catch (failure) {
        this.failed(failure);
      } finally {
        this.busy = false;
        this.setData({ busy: false });
      }
    },

    /** Keep what is typed: the field's name is in `data-name`. */
    typed(/** @type {any} */ event) {
      this.setData({ [event.currentTarget.dataset.name]: event.detail.value });
    },

    /** Go where the button's `data-to` says. */
    go(/** @type {any} */ event) {
      wx.navigateTo({ url: event.currentTarget.dataset.to });
    },
  };
  Page(Object.assign(shared, own));
}

module.exports = { page };
