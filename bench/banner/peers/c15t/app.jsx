import { ConsentBanner, ConsentDialog, ConsentManagerProvider } from "@c15t/react";
import "@c15t/react/styles.css";
import React from "react";
import { createRoot } from "react-dom/client";

const options = {
  mode: "offline",
  consentCategories: ["necessary", "functionality", "measurement", "marketing"],
  overrides: { country: "DE", language: "en" },
  legalLinks: {
    privacyPolicy: { href: "/privacy", label: "Privacy Policy" },
    termsOfService: { href: "/terms", label: "Terms" },
  },
};

createRoot(document.getElementById("consent")).render(
  <ConsentManagerProvider options={options}>
    <ConsentBanner />
    <ConsentDialog />
  </ConsentManagerProvider>,
);
