"""Sites: the websites that embed the banner."""
