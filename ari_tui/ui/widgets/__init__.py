"""Parts of the screen that draw a `Frame`. They fetch nothing and decide nothing."""
