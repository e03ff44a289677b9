import "./cookieconsent.umd.js";

CookieConsent.run({
  // The library hides itself from whatever drives a browser.
  hideFromBots: false,
  categories: {
    necessary: { enabled: true, readOnly: true },
    functional: {},
    analytics: {},
    marketing: {},
  },
  language: {
    default: "en",
    rtl: document.documentElement.dir === "rtl" ? "en" : [],
    translations: {
      en: {
        consentModal: {
          title: "Your choice at The Meadow",
          description:
            "We would like to use cookies for support chat, for measuring how this paper is read and for advertising. You can accept, refuse or choose.",
          acceptAllBtn: "Accept all",
          acceptNecessaryBtn: "Reject all",
          showPreferencesBtn: "Choose",
          footer: '<a href="/privacy">Privacy Policy</a><a href="/terms">Terms</a>',
        },
        preferencesModal: {
          title: "Your choice",
          acceptAllBtn: "Accept all",
          acceptNecessaryBtn: "Reject all",
          savePreferencesBtn: "Save",
          closeIconLabel: "Close",
          sections: [
            {
              title: "Necessary",
              description: "Keeps you signed in and remembers this choice.",
              linkedCategory: "necessary",
            },
            {
              title: "Support chat",
              description: "Lets you ask our newsroom.",
              linkedCategory: "functional",
            },
            {
              title: "Measurement",
              description: "Counts which articles are read.",
              linkedCategory: "analytics",
            },
            {
              title: "Advertising",
              description: "Shows you advertisements that fit.",
              linkedCategory: "marketing",
            },
          ],
        },
      },
    },
  },
});
