import { Button, createTheme, type MantineColorsTuple } from "@mantine/core";

/** Teal from the design tokens; index 7 is the light accent, index 4 the dark one. */
const teal: MantineColorsTuple = [
  "#e2f3f1", "#c3e6e2", "#9ad6cf", "#6dc7bd", "#3fbdb3", "#23a198", "#128a83", "#0b7a75", "#075e5a", "#054643",
];

/** Danger from the design tokens: index 7 light, index 4 dark. */
const red: MantineColorsTuple = [
  "#fdeceb", "#fbd5d2", "#f7b4ae", "#ff9f92", "#ff8a7a", "#e0564a", "#c93a2d", "#b42318", "#8f1c13", "#6b150e",
];

/** Dark surfaces, so that Mantine's own greys match the tokens. */
const dark: MantineColorsTuple = [
  "#e8edf2", "#a5b1bd", "#8c99a6", "#74818e", "#3a4651", "#28323c", "#202932", "#171e25", "#131a20", "#0f1419",
];

export const theme = createTheme({
  colors: { teal, red, dark },
  primaryColor: "teal",
  primaryShade: { light: 7, dark: 4 },
  autoContrast: true,
  luminanceThreshold: 0.35,
  black: "#17212b",
  white: "#ffffff",
  fontFamily: '"Inter Variable", system-ui, sans-serif',
  fontSizes: { xs: "11.5px", sm: "12.5px", md: "14px", lg: "15px", xl: "20px" },
  lineHeights: { xs: "1.4", sm: "1.4", md: "1.45", lg: "1.45", xl: "1.4" },
  spacing: { xs: "8px", sm: "12px", md: "16px", lg: "20px", xl: "24px" },
  radius: { xs: "6px", sm: "8px", md: "10px", lg: "12px", xl: "16px" },
  defaultRadius: "sm",
  breakpoints: { xs: "22.5em", sm: "47.5em", md: "75em", lg: "90em", xl: "110em" },
  headings: { fontWeight: "680" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Button: Button.extend({ defaultProps: { size: "sm" } }),
    Menu: { defaultProps: { radius: "lg", shadow: "none", withInitialFocusPlaceholder: false } },
    Popover: { defaultProps: { radius: "lg", shadow: "none" } },
    Tooltip: { defaultProps: { openDelay: 300 } },
  },
});
