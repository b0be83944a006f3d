"use strict";

/* StyleGAN2's generator, as gan_course/models/stylegan.py and stylegan2.py have it (lessons 11, 12).
 *
 *   z --mapping--> w --one for each layer--> ws --synthesis--> picture
 *
 * Source: Karras et al. 2019 (mapping, truncation) and Karras et al. 2020 (modulation, skips).
 */
class StyleGAN {
  constructor(tensors, config) {
    this.tensors = tensors;
    this.config = config;
    this.resolutions = [];
    for (let r = 4; r <= config.img_resolution; r *= 2) this.resolutions.push(r);
    this.numWs = 2 * this.resolutions.length;
  }

  /* Which of the ws each resolution takes: 4 px the first, 8 px the next two, and so on. The last
   * one belongs to the last ToRGB. */
  levels() {
    return this.resolutions.map((resolution, k) => {
      const ws = k === 0 ? [0] : [2 * k - 1, 2 * k];
      if (k === this.resolutions.length - 1) ws.push(2 * k + 1);
      return { resolution, ws };
    });
  }

  randomZ(seed) {
    const { gaussian } = randomNumbers(seed);
    return Float32Array.from({ length: this.config.z_dim }, gaussian);
  }

  /* The mapping network: z, brought to one length, through dense layers with LeakyReLU. Where G is
   * told factors, their embedding goes before z (gan_course/models/conditional.py).
   */
  map(z) {
    let w = pixelNorm(z);
    if (this.config.factors?.length) w = pixelNorm(Float32Array.of(...this.told(z), ...w));
    for (let k = 0; k < this.config.n_mapping; k++) {
      const weight = this.tensors[`mapping.layers.${k}.weight`];
      const scale = (Math.SQRT2 / Math.sqrt(weight.shape[1])) * this.config.mapping_lr;
      w = linear(w, weight, this.tensors[`mapping.layers.${k}.bias`], scale, this.config.mapping_lr);
      w = w.map((value) => (value < 0 ? 0.2 * value : value));
    }
    return w;
  }

  /* The embedding of the values that z stands for: the first numbers of z, a factor each. */
  told(z) {
    const weight = this.tensors["mapping.embed.weight"];
    const hot = new Float32Array(weight.shape[1]);
    let first = 0;
    this.config.factors.forEach((size, k) => {
      hot[first + this.config.edges[k].filter((edge) => z[k] > edge).length] = 1;
      first += size;
    });
    const scale = 1 / Math.sqrt(this.config.factors.length);
    return pixelNorm(linear(hot, weight, this.tensors["mapping.embed.bias"], scale));
  }

  /* Truncation: towards the mean of w. At psi = 0 every picture is the mean picture. */
  truncate(w, psi) {
    const mean = this.tensors["mapping.w_avg"].data;
    return w.map((value, k) => mean[k] + psi * (value - mean[k]));
  }

  /* Styles, one for each layer, to a picture. */
  synthesise(ws) {
    let x = features(this.tensors["synthesis.const"].shape[1], 4, 4, this.tensors["synthesis.const"].data.slice());
    let picture = null;
    let layer = 0;
    this.resolutions.forEach((resolution, k) => {
      for (let part = 0; part < (k === 0 ? 1 : 2); part++) {
        x = this.layer(x, ws[layer], layer, k > 0 && part === 0);
        layer += 1;
        if (part === 0 && `synthesis.positions.${resolution}.map` in this.tensors) this.addPositions(x, resolution);
      }
      const rgb = this.toRGB(x, ws[layer], k); // the style of the layer that comes next
      picture = picture ? add(upsample(picture), rgb) : rgb; // output skips
    });
    return picture;
  }

  /* One layer: modulated convolution, noise, bias, LeakyReLU. */
  layer(x, w, number, up) {
    const name = `synthesis.layers.${number}`;
    const y = this.modulatedConv(x, w, `${name}.conv`, { demodulate: true, up });
    const bias = this.tensors[`${name}.bias`].data;
    const strength = this.tensors[`${name}.noise_strength`]?.data[0] ?? 0;
    const noise = this.tensors[`${name}.noise_const`].data; // the map that is kept with the weights
    const size = y.height * y.width;
    for (let c = 0; c < y.channels; c++) {
      for (let n = 0; n < size; n++) {
        const value = y.data[c * size + n] + bias[c] + strength * noise[n];
        y.data[c * size + n] = Math.SQRT2 * (value < 0 ? 0.2 * value : value);
      }
    }
    return y;
  }

  /* The style scales the input's channels; demodulation scales the output's back to unit size.
   * That is equations 1 and 3 of StyleGAN2, without weights of its own for each picture. */
  modulatedConv(x, w, name, { demodulate, up }) {
    const weight = this.tensors[`${name}.weight`];
    const [nOut, nIn, k] = weight.shape;
    const affine = this.tensors[`${name}.affine.weight`];
    const style = linear(w, affine, this.tensors[`${name}.affine.bias`], 1 / Math.sqrt(affine.shape[1]));
    const scale = 1 / Math.sqrt(nIn * k * k);

    const modulated = features(nIn, x.height, x.width);
    const size = x.height * x.width;
    for (let i = 0; i < nIn; i++) {
      for (let n = 0; n < size; n++) modulated.data[i * size + n] = x.data[i * size + n] * style[i] * scale;
    }
    const y = conv2d(up ? upsample(modulated) : modulated, weight, { padding: k >> 1 });
    if (!demodulate) return y;

    const outSize = y.height * y.width;
    for (let o = 0; o < nOut; o++) {
      let variance = 1e-8;
      for (let i = 0; i < nIn; i++) {
        let squares = 0;
        for (let n = 0; n < k * k; n++) squares += weight.data[(o * nIn + i) * k * k + n] ** 2;
        variance += (style[i] * scale) ** 2 * squares;
      }
      const demodulation = 1 / Math.sqrt(variance);
      for (let n = 0; n < outSize; n++) y.data[o * outSize + n] *= demodulation;
    }
    return y;
  }

  toRGB(x, w, k) {
    const rgb = this.modulatedConv(x, w, `synthesis.to_rgb.${k}`, { demodulate: false, up: false });
    const bias = this.tensors[`synthesis.rgb_bias.${k}`].data;
    const size = rgb.height * rgb.width;
    for (let n = 0; n < rgb.data.length; n++) rgb.data[n] += bias[Math.floor(n / size)];
    return rgb;
  }

  /* A learned vector for each pixel. */
  addPositions(x, resolution) {
    const map = this.tensors[`synthesis.positions.${resolution}.map`].data;
    for (let n = 0; n < map.length; n++) x.data[n] += this.config.position_rate * map[n];
  }
}

function add(a, b) {
  for (let n = 0; n < a.data.length; n++) a.data[n] += b.data[n];
  return a;
}

/* From a to b, t of the way. */
function lerp(a, b, t) {
  return a.map((value, k) => value + t * (b[k] - value));
}

/* A vector brought to one length: its squares have the mean 1. */
function pixelNorm(values) {
  let squares = 0;
  for (const value of values) squares += value * value;
  return values.map((value) => value / Math.sqrt(squares / values.length + 1e-8));
}
