import { ThreadWorker } from "poolifier";

export default new ThreadWorker({
  square: (n) => n * n,
  echo: (value) => value,
});
