export default (n) => n * n;
export const echo = (value) => value;
