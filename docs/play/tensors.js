"use strict";

/* The few operations that the networks of this page are made of.
 *
 * "Features" are {data, channels, height, width}: a Float32Array, channel after channel, row after
 * row. A picture is features with three channels in [-1, 1]. Weights are {data, shape}, as PyTorch
 * has them. Everything is written for reading first; only the inner loop of `conv2d` is written
 * for speed.
 */

function features(channels, height, width, data = null) {
  return { channels, height, width, data: data ?? new Float32Array(channels * height * width) };
}

/* Text to bytes: of Python's base64.b85encode, five digits to four bytes. */
const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
function fromBase85(text) {
  const values = new Uint8Array(128);
  for (let k = 0; k < DIGITS.length; k++) values[DIGITS.charCodeAt(k)] = k;
  const bytes = new DataView(new ArrayBuffer((text.length / 5) * 4));
  for (let k = 0; k < text.length; k += 5) {
    let number = 0;
    for (let i = k; i < k + 5; i++) number = number * 85 + values[text.charCodeAt(i)];
    bytes.setUint32((k / 5) * 4, number);
  }
  return bytes.buffer;
}

/* A .safetensors file: eight bytes with the length of a JSON header, the header, the numbers. */
function readSafetensors(buffer) {
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [begin, end] }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const bytes = buffer.slice(8 + length + begin, 8 + length + end);
    const data = dtype === "F16" ? halfToFloat(new Uint16Array(bytes)) : new Float32Array(bytes);
    tensors[name] = { shape, data };
  }
  return tensors;
}

/* IEEE half precision: a sign, five bits of exponent, ten of fraction. */
function halfToFloat(halves) {
  return Float32Array.from(halves, (half) => {
    const sign = half & 0x8000 ? -1 : 1;
    const exponent = (half >> 10) & 31;
    const fraction = (half & 1023) / 1024;
    if (exponent === 0) return sign * fraction * 2 ** -14;
    return sign * (1 + fraction) * 2 ** (exponent - 15);
  });
}

/* A border: zeros, or the picture mirrored ("reflect"); [top, right, bottom, left]. */
function pad(x, [top, right, bottom, left], mode = "zeros") {
  const out = features(x.channels, x.height + top + bottom, x.width + left + right);
  const mirrored = (k, size) => (k < 0 ? -k : k >= size ? 2 * (size - 1) - k : k);
  for (let c = 0; c < x.channels; c++) {
    for (let row = 0; row < out.height; row++) {
      const inside = row >= top && row < top + x.height;
      if (mode === "zeros" && !inside) continue;
      const from = (c * x.height + mirrored(row - top, x.height)) * x.width;
      const to = (c * out.height + row) * out.width;
      out.data.set(x.data.subarray(from, from + x.width), to + left);
      if (mode === "reflect") {
        for (let k = 0; k < left; k++) out.data[to + k] = x.data[from + mirrored(k - left, x.width)];
        for (let k = left + x.width; k < out.width; k++) {
          out.data[to + k] = x.data[from + mirrored(k - left, x.width)];
        }
      }
    }
  }
  return out;
}

/* A convolution, weight (out, in, k, k), with zeros around. */
function conv2d(x, weight, { bias = null, stride = 1, padding = 0 } = {}) {
  if (padding) x = pad(x, [padding, padding, padding, padding]);
  const [nOut, nIn, k] = weight.shape;
  const height = Math.floor((x.height - k) / stride) + 1;
  const width = Math.floor((x.width - k) / stride) + 1;
  const out = features(nOut, height, width);
  for (let o = 0; o < nOut; o++) {
    const plane = out.data.subarray(o * height * width, (o + 1) * height * width);
    if (bias) plane.fill(bias.data[o]);
    for (let i = 0; i < nIn; i++) {
      for (let ky = 0; ky < k; ky++) {
        const taps = weight.data.subarray(((o * nIn + i) * k + ky) * k, ((o * nIn + i) * k + ky + 1) * k);
        for (let row = 0; row < height; row++) {
          addRow(plane, row * width, width, x.data, (i * x.height + row * stride + ky) * x.width, taps, stride);
        }
      }
    }
  }
  return out;
}

/* One row of the kernel over one row of the picture: where all the time goes. */
function addRow(out, to, width, data, from, taps, stride) {
  if (taps.length === 3 && stride === 1) {
    const a = taps[0], b = taps[1], c = taps[2];
    for (let n = 0; n < width; n++) {
      out[to + n] += a * data[from + n] + b * data[from + n + 1] + c * data[from + n + 2];
    }
    return;
  }
  for (let kx = 0; kx < taps.length; kx++) {
    const tap = taps[kx];
    for (let n = 0; n < width; n++) out[to + n] += tap * data[from + n * stride + kx];
  }
}

/* Twice as high and wide, bilinear: each new pixel is 3/4 of the nearest and 1/4 of the next. */
function upsample(x) {
  const wide = features(x.channels, x.height, 2 * x.width);
  const rows = x.channels * x.height;
  for (let row = 0; row < rows; row++) {
    for (let n = 0; n < x.width; n++) {
      const from = row * x.width;
      const here = 0.75 * x.data[from + n];
      wide.data[2 * (from + n)] = here + 0.25 * x.data[from + Math.max(n - 1, 0)];
      wide.data[2 * (from + n) + 1] = here + 0.25 * x.data[from + Math.min(n + 1, x.width - 1)];
    }
  }
  const out = features(x.channels, 2 * x.height, wide.width);
  for (let c = 0; c < x.channels; c++) {
    for (let row = 0; row < out.height; row++) {
      const near = row >> 1;
      const next = Math.min(Math.max(near + (row % 2 ? 1 : -1), 0), x.height - 1);
      const a = (c * x.height + near) * wide.width;
      const b = (c * x.height + next) * wide.width;
      const to = (c * out.height + row) * wide.width;
      for (let n = 0; n < wide.width; n++) out.data[to + n] = 0.75 * wide.data[a + n] + 0.25 * wide.data[b + n];
    }
  }
  return out;
}

/* Each channel to mean 0 and variance 1, over the whole picture (lesson 07, part 2). */
function instanceNorm(x, epsilon = 1e-5) {
  const size = x.height * x.width;
  for (let c = 0; c < x.channels; c++) {
    const plane = x.data.subarray(c * size, (c + 1) * size);
    let sum = 0, squares = 0;
    for (const value of plane) sum += value;
    const mean = sum / size;
    for (const value of plane) squares += (value - mean) ** 2;
    const scale = 1 / Math.sqrt(squares / size + epsilon);
    for (let n = 0; n < size; n++) plane[n] = (plane[n] - mean) * scale;
  }
  return x;
}

function relu(x) {
  for (let n = 0; n < x.data.length; n++) if (x.data[n] < 0) x.data[n] = 0;
  return x;
}

/* y = scale W x + bias, for one vector. */
function linear(x, weight, bias, scale, biasScale = 1) {
  const [nOut, nIn] = weight.shape;
  const y = new Float32Array(nOut);
  for (let o = 0; o < nOut; o++) {
    let sum = 0;
    for (let i = 0; i < nIn; i++) sum += weight.data[o * nIn + i] * x[i];
    y[o] = scale * sum + biasScale * bias.data[o];
  }
  return y;
}

/* Random numbers that a seed decides: mulberry32, and Gaussians from it by Box and Muller. */
function randomNumbers(seed) {
  let state = (seed * 2654435761 + 1) >>> 0;
  const uniform = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  const gaussian = () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform());
  return { uniform, gaussian };
}

/* A picture in [-1, 1] to the bytes of a canvas, and back. */
function toImageData(picture) {
  const { height, width, data } = picture;
  const image = new ImageData(width, height);
  const size = height * width;
  for (let n = 0; n < size; n++) {
    for (let c = 0; c < 3; c++) image.data[4 * n + c] = Math.round((data[c * size + n] + 1) * 127.5);
    image.data[4 * n + 3] = 255;
  }
  return image;
}

function fromImageData(image) {
  const { width, height } = image;
  const picture = features(3, height, width);
  const size = height * width;
  for (let n = 0; n < size; n++) {
    for (let c = 0; c < 3; c++) picture.data[c * size + n] = image.data[4 * n + c] / 127.5 - 1;
  }
  return picture;
}
