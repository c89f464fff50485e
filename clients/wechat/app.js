/** The mini program of a tenant. Each page asks for what it needs by itself; nothing is kept here. */
App({});
