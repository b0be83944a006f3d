"use strict";

/* CycleGAN's generator, as gan_course/models/cyclegan.py has it (lesson 07): halve twice, residual
 * blocks, double twice. The layers are numbered as in the official code.
 *
 * Source: Zhu et al. 2017, appendix 7.2.
 */
class Translator {
  constructor(tensors, config) {
    this.tensors = tensors;
    this.config = config;
  }

  /* A picture of any size to one of the same size; `progress` is called with shares from 0 to 1. */
  translate(picture, progress = () => {}) {
    const { height, width } = picture;
    const bottom = (4 - (height % 4)) % 4;
    const right = (4 - (width % 4)) % 4;
    const x = pad(picture, [0, right, bottom, 0], "reflect"); // sides that can be halved twice
    const { n_blocks: nBlocks } = this.config;
    const nLayers = 6 + 2 * nBlocks;
    let done = 0;
    const tick = (y) => {
      progress((done += 1) / nLayers);
      return y;
    };
    const normed = (y) => (this.config.norm === "instance" ? instanceNorm(y) : y);
    const conv = (y, number, options = {}) => tick(conv2d(y, ...this.weights(`model.${number}`, options)));
    const border = (y, size) => pad(y, [size, size, size, size], this.config.padding);

    let y = relu(normed(conv(border(x, 3), 1)));
    y = relu(normed(conv(y, 4, { stride: 2, padding: 1 })));
    y = relu(normed(conv(y, 7, { stride: 2, padding: 1 })));
    for (let k = 10; k < 10 + nBlocks; k++) {
      let change = relu(normed(conv(border(y, 1), `${k}.conv_block.1`)));
      change = normed(conv(border(change, 1), `${k}.conv_block.5`));
      for (let n = 0; n < y.data.length; n++) y.data[n] += change.data[n];
    }
    for (const number of [10 + nBlocks, 13 + nBlocks]) {
      // "resize": enlarge, then convolve (the convolution is the last of three small layers)
      y = relu(normed(conv(border(upsample(y), 1), `${number}.2`)));
    }
    y = conv(border(y, 3), 17 + nBlocks);

    // A residual generator predicts a change of its input; tanh brings both into (-1, 1).
    const out = features(3, height, width);
    for (let c = 0; c < 3; c++) {
      for (let row = 0; row < height; row++) {
        for (let column = 0; column < width; column++) {
          const n = (c * y.height + row) * y.width + column;
          const start = this.config.residual ? Math.atanh(x.data[n] * MARGIN) : 0;
          out.data[(c * height + row) * width + column] = Math.tanh(start + y.data[n]);
        }
      }
    }
    return out;
  }

  weights(name, options) {
    return [this.tensors[`${name}.weight`], { bias: this.tensors[`${name}.bias`], ...options }];
  }
}

const MARGIN = 1 - 1 / 255; // as in gan_course: atanh(1) would be infinite
