import './lib/without-eval.ts'
import '@fontsource-variable/geist/wght.css'
import '@fontsource-variable/geist-mono/wght.css'
import '@mantine/core/styles.css'
import './ui/tokens.css'
import './ui/mantine.css'
import './ui/base.css'
import './ui/components.css'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './App.tsx'
import { makeRouter } from './router.tsx'

// Browsers hide the attribute from scripts on style and script elements, not the content of this meta element.
const nonce = document.querySelector<HTMLMetaElement>('meta[name="csp-nonce"]')?.content ?? ''
const router = makeRouter()

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App router={router} nonce={nonce} />
  </StrictMode>,
)
