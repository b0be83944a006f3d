"use strict";

/* The game of lesson 01 in the plane: two small networks, trained here, by hand-written gradients. */

/* Dense layers with LeakyReLU(0.2) between them, and Adam. Batches are Float32Arrays, row by row. */
class MLP {
  constructor(sizes, random) {
    this.layers = sizes.slice(1).map((nOut, k) => {
      const nIn = sizes[k];
      const draw = () => (2 * random.uniform() - 1) / Math.sqrt(nIn); // as torch.nn.Linear
      const make = (length, value) => ({
        value: Float32Array.from({ length }, value),
        slope: new Float32Array(length),
        mean: new Float32Array(length), // Adam's two averages
        square: new Float32Array(length),
      });
      return { nIn, nOut, weight: make(nIn * nOut, draw), bias: make(nOut, draw) };
    });
    this.nSteps = 0;
  }

  /* n rows through all layers; what each layer was given is kept for `backward`. */
  forward(x, n) {
    this.given = [x];
    this.layers.forEach(({ nIn, nOut, weight, bias }, k) => {
      const y = new Float32Array(n * nOut);
      const last = k === this.layers.length - 1;
      for (let row = 0; row < n; row++) {
        for (let o = 0; o < nOut; o++) {
          let sum = bias.value[o];
          for (let i = 0; i < nIn; i++) sum += weight.value[o * nIn + i] * x[row * nIn + i];
          y[row * nOut + o] = last || sum > 0 ? sum : 0.2 * sum;
        }
      }
      x = y;
      this.given.push(x);
    });
    return x;
  }

  /* The chain rule, from the loss's slope in the output to that in the input. With `learn`, the
   * slopes in the weights are added up on the way. */
  backward(slope, n, learn) {
    for (let k = this.layers.length - 1; k >= 0; k--) {
      const { nIn, nOut, weight, bias } = this.layers[k];
      const x = this.given[k], y = this.given[k + 1];
      const before = new Float32Array(n * nIn);
      for (let row = 0; row < n; row++) {
        for (let o = 0; o < nOut; o++) {
          let s = slope[row * nOut + o];
          if (k < this.layers.length - 1 && y[row * nOut + o] < 0) s *= 0.2;
          if (s === 0) continue;
          if (learn) bias.slope[o] += s;
          for (let i = 0; i < nIn; i++) {
            if (learn) weight.slope[o * nIn + i] += s * x[row * nIn + i];
            before[row * nIn + i] += s * weight.value[o * nIn + i];
          }
        }
      }
      slope = before;
    }
    return slope;
  }

  /* Adam without momentum: betas 0 and 0.9, as in lesson 01. */
  step(lr) {
    this.nSteps += 1;
    const correction = 1 - 0.9 ** this.nSteps;
    for (const { weight, bias } of this.layers) {
      for (const part of [weight, bias]) {
        for (let n = 0; n < part.value.length; n++) {
          part.square[n] = 0.9 * part.square[n] + 0.1 * part.slope[n] ** 2;
          part.value[n] -= (lr * part.slope[n]) / (Math.sqrt(part.square[n] / correction) + 1e-8);
        }
        part.slope.fill(0);
      }
    }
  }
}

const sigmoid = (s) => 1 / (1 + Math.exp(-s));
const softplus = (s) => Math.max(s, 0) + Math.log1p(Math.exp(-Math.abs(s)));

/* Each loss as a function of D's raw score, with its slope: of D on a real and on a fake point, and of
 * G on a fake one (lesson 03). */
const LOSSES = {
  "non-saturating": {
    real: (s) => [softplus(-s), -sigmoid(-s)],
    fake: (s) => [softplus(s), sigmoid(s)],
    G: (s) => [softplus(-s), -sigmoid(-s)],
  },
  minimax: {
    real: (s) => [softplus(-s), -sigmoid(-s)],
    fake: (s) => [softplus(s), sigmoid(s)],
    G: (s) => [-softplus(s), -sigmoid(s)],
  },
  "least squares": {
    real: (s) => [(s - 1) ** 2, 2 * (s - 1)],
    fake: (s) => [s ** 2, 2 * s],
    G: (s) => [(s - 1) ** 2, 2 * (s - 1)],
  },
  hinge: {
    real: (s) => [Math.max(0, 1 - s), s < 1 ? -1 : 0],
    fake: (s) => [Math.max(0, 1 + s), s > -1 ? 1 : 0],
    G: (s) => [-s, -1],
  },
};

/* Centres of the Gaussians that the data are made of, and their standard deviation. */
const circle = (n, radius, turn = 0) =>
  Array.from({ length: n }, (_, k) => {
    const angle = (2 * Math.PI * k) / n + turn;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
const SHAPES = {
  "ring of eight": { centres: circle(8, 2), std: 0.15 },
  "grid of nine": { centres: [-1.8, 0, 1.8].flatMap((x) => [-1.8, 0, 1.8].map((y) => [x, y])), std: 0.15 },
  "two bumps": { centres: [[-1.5, 0], [1.5, 0]], std: 0.4 },
  spiral: {
    centres: Array.from({ length: 24 }, (_, k) => {
      const t = 0.4 + k / 24;
      return [1.7 * t * Math.cos(7 * t), 1.7 * t * Math.sin(7 * t)];
    }),
    std: 0.1,
  },
};

class Game {
  constructor({ seed = 0, shape = "ring of eight", loss = "non-saturating", lrG = 1e-3, lrD = 1e-3 } = {}) {
    Object.assign(this, { shape, loss, lrG, lrD, stepsOfD: 1 });
    this.random = randomNumbers(seed);
    this.zDim = 4;
    this.n = 128;
    this.G = new MLP([this.zDim, 64, 64, 2], this.random);
    this.D = new MLP([2, 64, 64, 1], this.random);
    this.zFixed = this.draw(600);
    this.nDone = 0;
  }

  draw(n) {
    return Float32Array.from({ length: n * this.zDim }, this.random.gaussian);
  }

  real(n) {
    const { centres, std } = SHAPES[this.shape];
    const points = new Float32Array(2 * n);
    for (let k = 0; k < n; k++) {
      const [x, y] = centres[Math.floor(this.random.uniform() * centres.length)];
      points[2 * k] = x + std * this.random.gaussian();
      points[2 * k + 1] = y + std * this.random.gaussian();
    }
    return points;
  }

  /* One step: D's turn, then G's, as in lesson 01. */
  step() {
    const { n } = this;
    const loss = LOSSES[this.loss];
    const fake = this.G.forward(this.draw(n), n);

    // D's turn: real points up, fakes down. G is not touched.
    let lossD = 0;
    for (const [points, term] of [[this.real(n), loss.real], [fake, loss.fake]]) {
      const parts = Array.from(this.D.forward(points, n), term);
      lossD += parts.reduce((sum, [value]) => sum + value, 0) / n;
      this.D.backward(Float32Array.from(parts, ([, slope]) => slope / n), n, true);
    }
    this.D.step(this.lrD);

    // G's turn: the same fakes, judged by the new D; the slope runs through D into G.
    const parts = Array.from(this.D.forward(fake, n), loss.G);
    const lossG = parts.reduce((sum, [value]) => sum + value, 0) / n;
    const push = this.D.backward(Float32Array.from(parts, ([, slope]) => slope / n), n, false);
    this.G.backward(push, n, true);
    this.G.step(this.lrG);
    this.nDone += 1;
    return { lossD, lossG };
  }

  samples() {
    return this.G.forward(this.zFixed, this.zFixed.length / this.zDim);
  }

  /* D's opinion of points, as a probability, and the arrow along which G's loss pushes each. */
  judge(points) {
    const n = points.length / 2;
    const scores = this.D.forward(points, n);
    const slopes = Float32Array.from(scores, (s) => LOSSES[this.loss].G(s)[1]);
    const arrows = this.D.backward(slopes, n, false).map((value) => -value);
    const middle = this.loss === "least squares" ? 0.5 : 0;
    return { arrows, probabilities: scores.map((s) => sigmoid((s - middle) * (middle ? 4 : 1))) };
  }

  /* A mode is covered if it holds a quarter of its fair share of the points, within three widths. */
  modesCovered() {
    const { centres, std } = SHAPES[this.shape];
    const points = this.samples();
    const n = points.length / 2;
    const counts = centres.map(([x, y]) => {
      let inside = 0;
      for (let k = 0; k < n; k++) {
        if (Math.hypot(points[2 * k] - x, points[2 * k + 1] - y) < 3 * std) inside += 1;
      }
      return inside;
    });
    return counts.filter((count) => count >= (0.25 * n) / centres.length).length;
  }
}
