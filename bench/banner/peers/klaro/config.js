var klaroConfig = {
  lang: "en",
  acceptAll: true,
  privacyPolicy: "/privacy",
  translations: {
    en: {
      consentNotice: {
        title: "Your choice at The Meadow",
        description:
          "We would like to use cookies for support chat, for measuring how this paper is read and for advertising. You can accept, refuse or choose.",
        learnMore: "Choose",
      },
      acceptAll: "Accept all",
      ok: "Accept all",
      decline: "Reject all",
      purposes: {
        necessary: { title: "Necessary" },
        functional: { title: "Support chat" },
        analytics: { title: "Measurement" },
        marketing: { title: "Advertising" },
      },
    },
  },
  services: [
    {
      name: "session",
      title: "Session",
      description: "Keeps you signed in and remembers this choice.",
      purposes: ["necessary"],
      required: true,
    },
    {
      name: "parley",
      title: "Parley",
      description: "Lets you ask our newsroom.",
      purposes: ["functional"],
    },
    {
      name: "tally",
      title: "Tally",
      description: "Counts which articles are read.",
      purposes: ["analytics"],
    },
    {
      name: "adverra",
      title: "Adverra",
      description: "Shows you advertisements that fit.",
      purposes: ["marketing"],
    },
  ],
};
