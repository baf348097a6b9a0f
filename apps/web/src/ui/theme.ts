/* Load in this order: @fontsource-variable/geist, @fontsource-variable/geist-mono, @mantine/core/styles.css, tokens.css, mantine.css. */
import {
  ActionIcon,
  Anchor,
  Badge,
  Button,
  Checkbox,
  createTheme,
  type CSSVariablesResolver,
  InputWrapper,
  Menu,
  Modal,
  Popover,
  Portal,
  SegmentedControl,
  Select,
  Switch,
  Table,
  Tabs,
  Textarea,
  TextInput,
  PasswordInput,
  Tooltip,
  type MantineColorsTuple,
} from '@mantine/core'

/** The one accent. Shade 8 is the solid in light, 4 in dark; both carry AA text. */
const verdigris: MantineColorsTuple = [
  '#e9f6f5',
  '#d3ebe9',
  '#a9d8d5',
  '#7cc6c1',
  '#57b8b2',
  '#3aa39e',
  '#238a87',
  '#157472',
  '#0c6362',
  '#064f4f',
]

const gray: MantineColorsTuple = [
  '#f5f7f7',
  '#eef1f1',
  '#dfe4e5',
  '#c3cbce',
  '#a5afb4',
  '#8b979c',
  '#5c686e',
  '#48545a',
  '#2a3338',
  '#14191b',
]

const dark: MantineColorsTuple = [
  '#e4e9eb',
  '#adb7bc',
  '#8d999f',
  '#68747a',
  '#384146',
  '#252b2f',
  '#1b2023',
  '#14181a',
  '#0e1113',
  '#0a0c0e',
]

/** autoContrast reads the light shade in both schemes, so dark would get white on the bright solid: name the roles instead. */
const filled = {
  '--button-bg': 'var(--vc-accent-solid)',
  '--button-hover': 'var(--vc-accent-hover)',
  '--button-color': 'var(--vc-on-accent)',
}

export const theme = createTheme({
  primaryColor: 'verdigris',
  primaryShade: { light: 8, dark: 4 },
  colors: { verdigris, gray, dark },
  black: '#14191b',
  fontFamily: "'Geist Variable', ui-sans-serif, system-ui, sans-serif",
  fontFamilyMonospace: "'Geist Mono Variable', ui-monospace, Menlo, Consolas, monospace",
  fontSizes: { xs: '12px', sm: '13px', md: '13px', lg: '14px', xl: '16px' },
  lineHeights: { xs: '1.35', sm: '1.4', md: '1.45', lg: '1.5', xl: '1.5' },
  spacing: { xs: '4px', sm: '8px', md: '12px', lg: '16px', xl: '24px' },
  radius: { xs: '2px', sm: '4px', md: '4px', lg: '6px', xl: '8px' },
  defaultRadius: 'sm',
  headings: {
    fontWeight: '600',
    sizes: {
      h1: { fontSize: '20px', lineHeight: '28px' },
      h2: { fontSize: '16px', lineHeight: '24px' },
      h3: { fontSize: '13px', lineHeight: '20px' },
    },
  },
  cursorType: 'pointer',
  focusRing: 'auto',
  respectReducedMotion: true,
  components: {
    Button: Button.extend({
      defaultProps: { size: 'xs', fw: 500 },
      vars: (_, { variant = 'filled', size = 'xs' }) => ({
        root: {
          ...(size === 'xs' && { '--button-height': '28px', '--button-padding-x': '10px' }),
          '--button-fz': '13px',
          ...(variant === 'filled' && filled),
        },
      }),
    }),
    ActionIcon: ActionIcon.extend({ defaultProps: { size: 26, variant: 'subtle', color: 'gray' } }),
    // Forms here are short and almost every field is needed: what is optional says so.
    InputWrapper: InputWrapper.extend({ defaultProps: { withAsterisk: false } }),
    TextInput: TextInput.extend({ defaultProps: { size: 'xs' } }),
    PasswordInput: PasswordInput.extend({ defaultProps: { size: 'xs' } }),
    Textarea: Textarea.extend({ defaultProps: { size: 'xs' } }),
    Select: Select.extend({ defaultProps: { size: 'xs', allowDeselect: false, checkIconPosition: 'right' } }),
    Checkbox: Checkbox.extend({ defaultProps: { size: 'xs' }, vars: () => ({ root: { '--checkbox-size': '14px' } }) }),
    Switch: Switch.extend({ defaultProps: { size: 'xs' } }),
    SegmentedControl: SegmentedControl.extend({ defaultProps: { size: 'xs' } }),
    Badge: Badge.extend({ defaultProps: { variant: 'default', radius: 'sm', tt: 'none', fw: 500 } }),
    Tabs: Tabs.extend({ defaultProps: { variant: 'default', keepMounted: false } }),
    Tooltip: Tooltip.extend({ defaultProps: { openDelay: 350, withArrow: false, transitionProps: { duration: 80 } } }),
    Menu: Menu.extend({
      defaultProps: {
        withInitialFocusPlaceholder: false,
        shadow: 'md',
        position: 'bottom-start',
        offset: 4,
        transitionProps: { duration: 60 },
        returnFocus: true,
      },
    }),
    Popover: Popover.extend({
      defaultProps: { shadow: 'md', offset: 4, transitionProps: { duration: 60 }, returnFocus: true },
    }),
    Modal: Modal.extend({
      defaultProps: {
        centered: true,
        // The page itself never scrolls; the lock would add a style element that the content security policy refuses.
        lockScroll: false,
        closeButtonProps: { 'aria-label': 'Close' },
        padding: 'lg',
        transitionProps: { duration: 80 },
        overlayProps: { backgroundOpacity: 0.45 },
      },
    }),
    Table: Table.extend({ defaultProps: { verticalSpacing: 0, horizontalSpacing: 'sm' } }),
    // The page holds <section id="overlays" aria-label="Menus and dialogs">: portals land inside a landmark, as axe's `region` rule wants.
    Portal: Portal.extend({ defaultProps: { target: '#overlays' } }),
    Anchor: Anchor.extend({ defaultProps: { underline: 'hover' } }),
  },
})

/** Points Mantine's own variables at our roles, so that a Mantine control and our own one cannot drift apart. */
export const cssVariablesResolver: CSSVariablesResolver = () => ({
  variables: {},
  light: roles,
  dark: roles,
})

const roles = {
  '--mantine-color-body': 'var(--vc-bg)',
  '--mantine-color-text': 'var(--vc-text)',
  '--mantine-color-dimmed': 'var(--vc-text-3)',
  '--mantine-color-placeholder': 'var(--vc-text-3)',
  '--mantine-color-anchor': 'var(--vc-accent)',
  '--mantine-color-error': 'var(--vc-critical)',
  '--mantine-color-default': 'var(--vc-surface)',
  '--mantine-color-default-hover': 'var(--vc-hover)',
  '--mantine-color-default-border': 'var(--vc-line-strong)',
  '--mantine-color-default-color': 'var(--vc-text)',
  '--mantine-color-gray-light-color': 'var(--vc-text-2)',
  '--mantine-color-gray-text': 'var(--vc-text-2)',
}
