import { createRoot } from 'react-dom/client'
import { followVisibility, hub, session } from './api/hub.ts'
import { App } from './app.tsx'
import './style/main.css'
import { startTheme } from './theme.ts'

startTheme()
followVisibility()
void session.refresh(hub)

const root = document.getElementById('root')
if (root === null) throw new Error('Broken assumption: index.html has an element #root')
createRoot(root).render(<App />)
