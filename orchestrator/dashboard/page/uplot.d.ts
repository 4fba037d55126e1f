/** The server gives uPlot's own module at /uplot.js. */
export { default } from 'uplot';
