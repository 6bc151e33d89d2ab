import { ThreadWorker } from "npm:poolifier-web-worker@0.5.15";

export default new ThreadWorker({ square: (n: number) => n * n });
