import { mount } from 'svelte';
import App from './App.svelte';
import './app.css';
import { startTheme } from './theme.svelte.ts';

startTheme();
mount(App, { target: document.querySelector('#app')! });
