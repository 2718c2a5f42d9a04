import { brotliDecompressSync } from 'node:zlib'

/**
 * What `mkfs.erofs -T0 -Uclear --all-root -Enoinline_data` of erofs-utils 1.8.6 makes of a directory with an
 * os-release (Debian 13), an empty list of keys, and 200 empty modules of kernel 6.12.1-test.
 */
const compressed = [
  'G/9/RiG9WJuWAFwV2MamJEecT4i+0hTi83YO2aRBODX1COEQWiDgQDoGNN01Xd+JchiFsfi81xY2odP6b0CHp1UYka',
  'oMWh6jCArDsa5b13oSjEagIMH8dwABSGAIag3Vm5mdXJKiilAxpvZvsiVVI2JECRXBeCBbSeQECOEqa30dCe1Kz9fB',
  'tIMs4Ix2PNNvNc2c0hW9xDmq3w+WJxx8YXOwRl8QAckrnd6Ajr9zg9TPe7j/elfRK2XBCQBYMfX6/lG0DESP3sqXuH',
  'P/HcXUEeDtYuo+X4rhlw1BuRA5y+Orvq/yPo9+gF8wYwkqm0wAmOW7xdq6e/fvxIbhVcYBHIKZeQn2KVzBquCKu799',
  'EbzM+F8PsWBmWYL8aJ7v+//zkL99IYfz9DBiIphZl+AKIiUX0oohe0mqeEulKZmLesN+cvP3ztl733CO9XH8/YiA4M',
  'ts02ATALFNCR5DCs/rgX7gbT/kAEBG0xXeKUgAoE4PAzKCmbEEnZHZY2GlEztGV+vqfajO4wWdj++TXiH9sKtpO4UI',
  'APRdBh7wVUbF+wHQ1gQPzUg9OVHPYyfoPr7wYZSP7wR9N0SPn7WG6Zs2+VSSOj0NBYBJjNdvR4lZYpXYJU6JW+KV+C',
  'VBSVgSlcQlSUlakpXkJUVJWVKV1CVNSVvSlfQlQ8m4XUx31H/m19p9MV+Ea2CFYfYvrF34KP9A+bQjebPIfwgPAMDn',
  '139H//W1+vJU+NJzCLPMrx2WLCVryVaylxwlZ8lVcpc8JW/JV/KXAqVgKVQKlyKlaClWipcSpWQpVUqXMqVsKVfKlw',
  'qlYqlUKpcqpWqpVqqXGqVmqVVqlzqlbqlX6pcGpWFpVBqXJqVpaVaalxalZWlVWpc2pW1pV9qXDqVj6VQ6ly6la+lW',
  'upcepWfpVXqXPqVv6Vf6lwFlYBlUBpchZWgZVoaXEWVkGVVGlzFlbBlXxpcJZWKZVCaXKWVqmVamlxllZplVZpc5ZW',
  '6ZV+aXBWVhWVQWlyVlaVlWlpcVZWVZVVaXNWVtWVfWlw1lY9lUNpctZWvZVraXHWVn2VV2lz1lb9lX9pcD5WA5VA6X',
  'I+VoOVaOlxPlZDlVTpcz5Ww5V86XC+ViuVQulyvlarlWrpcb5Wa5VW6XO+Vuubfd+8JAzR38YiLYpdCjpiTmXHOxGl',
  'utlRaL6nCnHv80GFSrRkhogplmhGhBkVYMaMOedrzTYWBtOsGuC6q64awHiXpRrw+z+nFtAL8NGuS7IYgahrERBBhF',
  'njH07AIQtoTySvhAGyJhEQ0lMXAQizhxqBGPSQk4l4jvkgziQzIEpUBfKnylIVs6OmVgXSaeyzLgp2wwyIGcXNjIQ5',
  'R8VCjAmEKcKMIXxQbBpQR8SqGtDJ7Kka4CrSqxrAqPqg3IrQa0aiGtDpbqEa4BJRoxpAkHmvFBi4HzaAWXNmhoh5sO',
  'pOhEky4s6MatHvzVa1C++iCuH6YGEGwQhYbQbxi7RvDWqIH5MQY241AxASeTSDCFOtOYMYOrsidPcPQaXS9EZ9V7xR',
  '/EDm+nj6/Lz83p0IvD2+nj6/Jzc3rrxeHt9PF1+bk5nXpxeDt9fF1+bk4fvTi8nT6+Lj83p69eHN5OH1+Xn5vTpReH',
  't9PH1+Xn5vTTi8Pb6ePr8nNzuvXi8Hb6+C69SWpnHU/cq5wL/Jo3x/oPFdhFxq3EEt9lxq3CCt5Vxq4xdp2xG4zdZC',
  'x/tfhqUweOdRFXDzX1MdkAZw3xtREIGoO3CbSawr0ZUpqDaNyC2S252sr7uW8NyTYIbovednhvT8YOtO7I0k7c7+z9',
  'HbtAsSuiu2G0O/57kLMnOvfM2l68p+h7Bbo3aPeO5D4w2yfB+6Jg3/Tuh639ei8x9gdy/zAGoOSCYh2c8JCUhMZgGH',
  '57xYX1AW+HcxjCgzUClCLCPhJiIqMyCkajckdG4+PoDkcMcMaEWiw4x0ZCHNTGxVQ87tz4fJ3AEUgI3kTQSgz3JEhJ',
  'isZk3JzJuZ6CX1M6UqkgmBp6aeCdFhl/HVqnZwl3uC47X+273RyPZ+W0DqePr8vPrcmd9IrPgwzcTB5eFh9bkxnmwu',
  'Bm8vCy+NiaPHJhcDN5eFl8bE1euTC4mTy8LD62JksuDG4mDy+Lj63JJxcGN5OHl8XH1mTLhcHN5OFl8bE153JhcDN5',
  '1v5AUn/DAwDL/yv6fxk=',
]

export const smallErofs = (): Buffer =>
  brotliDecompressSync(Buffer.from(compressed.join(''), 'base64'))
