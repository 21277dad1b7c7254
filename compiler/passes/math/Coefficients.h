// Minimax polynomials, lowest power first. minimax.py says how they are found, and prints them.
#ifndef DLC_COMPILER_PASSES_MATH_COEFFICIENTS_H
#define DLC_COMPILER_PASSES_MATH_COEFFICIENTS_H

namespace dlc::mathlib {

/// e^r = 1 + r + r^2 p(r), |r| <= ln(2)/2.
inline constexpr double expF32[] = {0x1.fffffcp-2, 0x1.55548ap-3, 0x1.55584cp-5, 0x1.123f66p-7, 0x1.6ad96cp-10};
/// The same, relative to e^r - 1.
inline constexpr double expm1F32[] = {0x1.000000p-1, 0x1.555554p-3,  0x1.5554eap-5,
                                      0x1.1113a6p-7, 0x1.6d4c78p-10, 0x1.9c71d6p-13};
inline constexpr double expm1F64[] = {0x1.0000000000001p-1,  0x1.5555555555557p-3,  0x1.5555555554b14p-5,
                                      0x1.1111111110634p-7,  0x1.6c16c16ffe2d7p-10, 0x1.a01a01a8ba654p-13,
                                      0x1.a019ee5d72fa2p-16, 0x1.71de0b86a9c54p-19, 0x1.280e194044d93p-22,
                                      0x1.af3c7ae418f3bp-26, 0x1.bf96939ee0536p-30};
/// log(1 + f) = f - f^2/2 + f^3 p(f), 1 + f in [sqrt(1/2), sqrt(2)].
inline constexpr double logF32[] = {0x1.555554p-2, -0x1.000228p-2, 0x1.99a036p-3, -0x1.547216p-3,
                                    0x1.22d5b2p-3, -0x1.0d82a4p-3, 0x1.057b5ep-3, -0x1.3916b4p-4};
/// 2 atanh(s) = 2 s + s^3 p(s^2), |s| <= 3 - 2 sqrt(2).
inline constexpr double atanhLogF64[] = {0x1.5555555555592p-1, 0x1.999999997feffp-2, 0x1.24924941e4325p-2,
                                         0x1.c71c5210d1418p-3, 0x1.74663de1ea7f4p-3, 0x1.39a1ca359f8e1p-3,
                                         0x1.2f0527d2469c1p-3};
/// atanh(s) = s + s^3 p(s^2), the same interval.
inline constexpr double powAtanhF32[] = {0x1.555554p-2, 0x1.999c26p-3, 0x1.23d3e0p-3, 0x1.f13adep-4};
/// atanh(s) = s + s^3 (1/3 + s^2 p(s^2)).
inline constexpr double powAtanhTailF64[] = {0x1.999999999999ap-3, 0x1.2492492492363p-3, 0x1.c71c71c747eadp-4,
                                             0x1.745d172bc7671p-4, 0x1.3b13ba5b8866fp-4, 0x1.110f1bdcde2c9p-4,
                                             0x1.e265a11bc0b52p-5, 0x1.a505a7aa0110bp-5, 0x1.ecc0ed44c4b66p-5};
/// sin(x) = x + x^3 p(x^2), |x| <= pi/4.
inline constexpr double sinF32[] = {-0x1.555556p-3, 0x1.111174p-7, -0x1.a05954p-13, 0x1.7c2c5ep-19};
inline constexpr double sinF64[] = {-0x1.5555555555555p-3, 0x1.1111111111069p-7,   -0x1.a01a019ffe548p-13,
                                    0x1.71de3a33ac3ccp-19, -0x1.ae642c5f681bbp-26, 0x1.6109c93665de6p-33,
                                    -0x1.a004b2a1a936ep-41};
/// cos(x) = 1 - x^2/2 + x^4 p(x^2), |x| <= pi/4.
inline constexpr double cosF32[] = {0x1.55554ap-5, -0x1.6c0c26p-10, 0x1.99e71ep-16};
inline constexpr double cosF64[] = {0x1.555555555554ap-5,   -0x1.6c16c16c14dffp-10, 0x1.a01a019c5c253p-16,
                                    -0x1.27e4f7cd4878bp-22, 0x1.1ee9c374b95b0p-29,  -0x1.8f9a0ec4bbfbfp-37};
/// tan(x) = x + x^3 p(x^2), |x| <= pi/4.
inline constexpr double tanF32[] = {0x1.555560p-2, 0x1.110d96p-3,  0x1.badc72p-5, 0x1.5c9a72p-6,
                                    0x1.63bf14p-7, 0x1.d37a4cp-15, 0x1.201986p-8};
inline constexpr double tanF64[] = {
    0x1.5555555555555p-2,   0x1.11111111111bep-3,  0x1.ba1ba1ba0edb8p-5,   0x1.664f48865723cp-6,
    0x1.226e34c93fbbdp-7,   0x1.d6d3f0098b007p-9,  0x1.7da12a648e1e6p-10,  0x1.35751d7dd3b16p-11,
    0x1.f3580a2b50b8dp-13,  0x1.a58184381558fp-14, 0x1.f79b9b8ef1394p-16,  0x1.19101f209deb8p-15,
    -0x1.265f54d4b420bp-16, 0x1.a624fc6a0fb6bp-16, -0x1.9d6630d866319p-17, 0x1.2cd680af16a85p-18};
/// atan(x) = x + x^3 p(x^2), |x| <= 1.
inline constexpr double atanF32[] = {-0x1.55553ep-2, 0x1.9991e4p-3,  -0x1.2420a0p-3, 0x1.c08f26p-4,  -0x1.5817e2p-4,
                                     0x1.da7498p-5,  -0x1.fe42c4p-6, 0x1.652a2ep-7,  -0x1.d582ccp-10};
inline constexpr double atanF64[] = {
    -0x1.5555555555526p-2, 0x1.99999999955b2p-3,  -0x1.249249237f4fcp-3, 0x1.c71c717fcdc0dp-4,   -0x1.745d11a6b0465p-4,
    0x1.3b13658f6e2acp-4,  -0x1.110e41114082cp-4, 0x1.e1ba7eb54817dp-5,  -0x1.ae575b4de83c5p-5,  0x1.82bbf28d9c4bcp-5,
    -0x1.59410cffe1b77p-5, 0x1.2b408c8773057p-5,  -0x1.e6973103e4d65p-6, 0x1.638c61453bd87p-6,   -0x1.bdc20dd137c9bp-7,
    0x1.c8810beb96057p-8,  -0x1.69385c9e4c95dp-9, 0x1.9a2075dc0b774p-11, -0x1.2746332e4667cp-13, 0x1.932e72e560a5ep-17};
/// asin(x) = x + x^3 p(x^2), |x| <= 1/2.
inline constexpr double asinF32[] = {0x1.5555c8p-3, 0x1.330204p-4, 0x1.747bbap-5, 0x1.8c3e26p-6, 0x1.595c96p-5};
inline constexpr double asinF64[] = {
    0x1.5555555555577p-3, 0x1.333333332e133p-4,  0x1.6db6db72127ebp-5, 0x1.f1c71a94d65dap-6, 0x1.6e8bdee57686ep-6,
    0x1.1c49efdd4dd86p-6, 0x1.ca1f9c48069ebp-7,  0x1.7584fa78cb2d3p-7, 0x1.61401ef8bdb81p-7, 0x1.e5b98247843b6p-9,
    0x1.63b05de48282fp-6, -0x1.581bc66918c9ep-6, 0x1.0b50c897f6eb1p-5};
/// sinh(x) = x + x^3 p(x^2), |x| <= 1.
inline constexpr double sinhF32[] = {0x1.555556p-3, 0x1.1110e0p-7, 0x1.a022bcp-13, 0x1.756c1ep-19};
inline constexpr double sinhF64[] = {0x1.5555555555555p-3,  0x1.111111111119bp-7,  0x1.a01a01a00735cp-13,
                                     0x1.71de3a68cffc3p-19, 0x1.ae644122fbc83p-26, 0x1.61314cf914863p-33,
                                     0x1.a665a5b83bba4p-41, 0x1.d28e4f801bba6p-48};
/// tanh(x) = x + x^3 p(x^2), |x| <= 0.55.
inline constexpr double tanhF32[] = {-0x1.55554ap-2, 0x1.110ceep-3, -0x1.b91f96p-5, 0x1.590c7cp-6, -0x1.9ada72p-8};
inline constexpr double tanhF64[] = {-0x1.5555555555555p-2,  0x1.1111111111080p-3,   -0x1.ba1ba1ba10e23p-5,
                                     0x1.664f487f8e72ap-6,   -0x1.226e34cf79b25p-7,  0x1.d6d3b16e73cd4p-9,
                                     -0x1.7da11bd8ccd1bp-10, 0x1.353b34cf78759p-11,  -0x1.f37f99074066bp-13,
                                     0x1.8a437f1c9c5b4p-14,  -0x1.163cee97fbd10p-15, 0x1.0108ddcf2a76fp-17};
/// asinh(x) = x + x^3 p(x^2), |x| <= 1.
inline constexpr double asinhF32[] = {-0x1.55554cp-3, 0x1.33301ap-4,  -0x1.6d5b78p-5, 0x1.ec85bcp-6,  -0x1.57d95cp-6,
                                      0x1.bbf45ap-7,  -0x1.c735f4p-8, 0x1.31c6fcp-9,  -0x1.811068p-12};
inline constexpr double asinhF64[] = {
    -0x1.5555555555553p-3, 0x1.3333333332f88p-4,   -0x1.6db6db6d963c7p-5, 0x1.f1c71c687ae1bp-6,   -0x1.6e8ba21b59059p-6,
    0x1.1c4eb920cd3e4p-6,  -0x1.c998a435d4279p-7,  0x1.7a802b260ceaap-7,  -0x1.3fb347f726ad8p-7,  0x1.122b326b38ca6p-7,
    -0x1.d9b2fadd1107cp-8, 0x1.966e108858ab6p-8,   -0x1.520ddeebe6ca5p-8, 0x1.0750325df77a4p-8,   -0x1.70768c43ef303p-9,
    0x1.bad29a13b016ep-10, -0x1.b3d600477ddc9p-11, 0x1.4c9ae630e1fdep-12, -0x1.6dace3000da2fp-14, 0x1.fffcabab609c1p-17,
    -0x1.55471c490bf7dp-20};
/// atanh(x) = x + x^3 p(x^2), |x| <= 1/2.
inline constexpr double atanhF32[] = {0x1.555540p-2, 0x1.99a678p-3, 0x1.234cfap-3,
                                      0x1.e41272p-4, 0x1.a5f7c2p-5, 0x1.6990ecp-3};
inline constexpr double atanhF64[] = {
    0x1.555555555554cp-2,  0x1.999999999b3b9p-3, 0x1.24924923c63e0p-3,  0x1.c71c722b90744p-4, 0x1.745d088dd3b6ap-4,
    0x1.3b15173d59612p-4,  0x1.10f9e801e836ap-4, 0x1.e3fb192b3c222p-5,  0x1.9de1c0b14a036p-5, 0x1.eb19f4b9d277ap-5,
    -0x1.c95fd25edc35ap-8, 0x1.6f44e53e9f518p-3, -0x1.9f5180853884dp-3, 0x1.f6de95280c2b4p-3};
/// acosh(1 + t) = sqrt(2 t) (1 + t p(t)), 0 <= t <= 1.
inline constexpr double acoshF32[] = {-0x1.55554ep-4,  0x1.33302cp-6,  -0x1.6d49a6p-8, 0x1.ea5b64p-10,
                                      -0x1.4adec4p-11, 0x1.6f00fcp-13, -0x1.c0b392p-16};
inline constexpr double acoshF64[] = {-0x1.5555555555555p-4,  0x1.3333333333282p-6,   -0x1.6db6db6daec2ap-8,
                                      0x1.f1c71c6ec29b1p-10,  -0x1.6e8ba2924dfdcp-11, 0x1.1c4ebe8e91e54p-12,
                                      -0x1.c998f202ecb73p-14, 0x1.7a8146a0ef244p-15,  -0x1.3fb1c92f68a7dp-16,
                                      0x1.11fe7dddce055p-17,  -0x1.d76b0b023b02bp-19, 0x1.8d5e3cde0806ep-20,
                                      -0x1.39275ee6f2a33p-21, 0x1.ac99bc3718cc4p-23,  -0x1.cbbe5c6ba6dbcp-25,
                                      0x1.4c47f486ce99ep-27,  -0x1.d9aae2013b42ap-31};
/// x^(-1/3) = p(x), 1 <= x <= 8.
inline constexpr double cbrtF32[] = {0x1.6cc5d2p+0,  -0x1.317d72p-1, 0x1.a16bacp-3,
                                     -0x1.3c48e8p-5, 0x1.e46980p-9,  -0x1.245350p-13};
inline constexpr double cbrtF64[] = {0x1.6cc5d1d07fbb4p+0,  -0x1.317d71d960dc4p-1, 0x1.a16bad24563ffp-3,
                                     -0x1.3c48eacd41416p-5, 0x1.e469879d46273p-9,  -0x1.245355bd90c32p-13};
/// -log(erfc(x)) = x + x p(x), 0 <= x <= 3.95; relative to erf(x).
inline constexpr double erfExponentF32[] = {0x1.06eba8p-3,   0x1.45f30ap-1,   0x1.a4f35ap-4,   -0x1.393f6cp-6,
                                            -0x1.fcaf6ep-13, 0x1.d09ffap-10,  -0x1.71e11cp-11, 0x1.2930dcp-13,
                                            -0x1.67303ep-17, -0x1.2af2eap-20, 0x1.b278b8p-23};
/// erf(x) = x + x p(x^2), |x| <= 1.
inline constexpr double erfCentreF64[] = {0x1.06eba8214db69p-3,   -0x1.812746b037a25p-2,  0x1.ce2f21a0458cfp-4,
                                          -0x1.b82ce313547cep-6,  0x1.565bcd2c50e6ap-8,   -0x1.c02db92ee9193p-11,
                                          0x1.f9a3b8bf0c0fap-14,  -0x1.f4dce470879f3p-17, 0x1.ba6859f2b3989p-20,
                                          -0x1.6389f3aca00bep-23, 0x1.12f8d62e220abp-26,  -0x1.c3b2585048345p-30,
                                          0x1.3a27227f8f67bp-33};
/// e^(x^2) erfc(x) (1 + 2 x) = p((x - k) / (x + k)), k = 1.94140625 for f32, 3.8125 for f64, as long as erfc(x) isn't
/// 0.
inline constexpr double erfcTailF32[] = {0x1.473ffep+0,   -0x1.673680p-4,  -0x1.65acacp-3, 0x1.4bb828p-3,
                                         -0x1.7a8250p-5,  -0x1.8121d4p-7,  0x1.fe6b66p-8,  0x1.176f5cp-9,
                                         -0x1.334decp-10, -0x1.1d5fa4p-11, 0x1.93d69ap-14, 0x1.360f14p-14};
inline constexpr double erfcTailF64[] = {
    0x1.3c81b093179a6p+0,  -0x1.1f09a95e0eccap-3,  0x1.b9a26d9d8598bp-8,   0x1.420b9cb622df9p-4,
    -0x1.b6277b4004fbap-4, 0x1.7c8cd4b588caap-4,   -0x1.f230e0691e843p-5,  0x1.f5d9e441720b5p-6,
    -0x1.7229b0e33c37ap-7, 0x1.43795653c8f27p-9,   0x1.ce2665f6c4718p-14,  -0x1.3b42e9ff9d7a4p-12,
    0x1.523fcdab602fcp-14, 0x1.e24d58204baa0p-17,  -0x1.c3ead00603417p-17, 0x1.7d6376750ad98p-21,
    0x1.d565cf70094b0p-20, -0x1.5be11bdf3c38ap-22, -0x1.efb05670dae62p-23, 0x1.022af88e43858p-24,
    0x1.25ffc93be4b38p-25, -0x1.9083c87dabd93p-28, -0x1.30e91adb20a29p-28, -0x1.f51de5deaaa26p-32};
/// e^(x^2 / 2) erfc(x sqrt(1/2)) (x + k) = p(x / (x + k)), k = 2.75, as long as the erfc isn't 0.
inline constexpr double normalTailF32[] = {0x1.600000p+1,  -0x1.a45a40p+1, 0x1.149edcp+0, 0x1.42d062p-1,
                                           -0x1.474500p-3, -0x1.64da6ep-2, 0x1.fcd700p-3, -0x1.11ed9cp-1,
                                           0x1.7fd5b8p-1,  -0x1.a565e6p-2, 0x1.3d7936p-4};
/// erf(x) = x p(x^2), |x| <= 3.12, in few terms: the error is 2^-17.
inline constexpr double nearErfF32[] = {0x1.20dce8p+0,  -0x1.80fe2ap-2,  0x1.cc1798p-4,  -0x1.ad229cp-6,
                                        0x1.377c86p-8,  -0x1.57d5e2p-11, 0x1.131856p-14, -0x1.287760p-18,
                                        0x1.7c9e2ap-23, -0x1.b4678ap-29};
/// 2 e^r = p(r), |r| <= ln(2)/2, likewise: 2^-18.5.
inline constexpr double nearExpF32[] = {0x1.ffffe6p+0, 0x1.fffb2ap+0, 0x1.0005c4p+0, 0x1.57e348p-2, 0x1.539ed4p-4};

} // namespace dlc::mathlib

#endif
