using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Crescent.Kernels.Quantization.Encoders;

/// <summary>
/// x ≈ scale·(code − levels) for eight groups, weighted by x²: from the codes of one step, each code in turn is moved to where the fit without it would have it, if the
/// whole then fits better; up to five rounds (the algorithm of ggml-quants.c, make_q3_quants).
/// </summary>
internal static class DescentSearch
{
    private const int Rounds = 5;

    /// <summary>The scales, 0 for groups of nothing; the codes of those are 0.</summary>
    /// <param name="values">[length] eight groups</param>
    /// <param name="codes">[length], as whole numbers</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Vector256<float> Run(ReadOnlySpan<Vector256<float>> values, int levels, Span<Vector256<float>> codes)
    {
        var largest = Lanes.LargestMagnitude(values);
        var state = new State(levels);
        state.Start(values, Vector256.Create(-(float)levels) / largest, codes);
        for (var round = 0; round < Rounds && state.Improve(values, codes); round++)
        {
        }

        var nothing = Vector256.LessThan(Vector256.Abs(largest), Vector256.Create(Lanes.Nothing));
        for (var i = 0; i < codes.Length; i++)
        {
            codes[i] = Vector256.AndNot(codes[i] + Vector256.Create((float)levels), nothing);
        }

        return Vector256.AndNot(state.Scale, nothing | Vector256.LessThanOrEqual(state.Squares, Vector256<float>.Zero));
    }

    // Sums over the codes as they stand: Σ w·x·code and Σ w·code².
    private struct State(int levels)
    {
        private readonly Vector256<float> _min = Vector256.Create(-(float)levels);
        private readonly Vector256<float> _max = Vector256.Create(levels - 1f);
        private Vector256<float> _products;

        public Vector256<float> Squares { get; private set; }

        public readonly Vector256<float> Scale => _products / Squares;

        public void Start(ReadOnlySpan<Vector256<float>> values, Vector256<float> step, Span<Vector256<float>> codes)
        {
            for (var i = 0; i < values.Length; i++)
            {
                codes[i] = Lanes.Round(step * values[i], _min, _max);
                var weight = values[i] * values[i];
                _products += weight * values[i] * codes[i];
                Squares += weight * codes[i] * codes[i];
            }
        }

        // One round over the codes; false when nothing moved, for then nothing ever will.
        public bool Improve(ReadOnlySpan<Vector256<float>> values, Span<Vector256<float>> codes)
        {
            var anyMoved = Vector256<float>.Zero;
            for (var i = 0; i < values.Length; i++)
            {
                anyMoved |= Move(values[i], ref codes[i]);
            }

            return anyMoved.AsInt32() != Vector256<int>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private Vector256<float> Move(Vector256<float> value, ref Vector256<float> code)
        {
            var weight = value * value;
            var products = _products - (weight * value * code);
            var squares = Squares - (weight * code * code);
            var moved = Lanes.Round(value * squares / products, _min, _max);
            var accept = Vector256.GreaterThan(products, Vector256<float>.Zero) & ~Vector256.Equals(moved, code);
            products += weight * value * moved;
            squares += weight * moved * moved;
            accept &= Vector256.GreaterThan(squares, Vector256<float>.Zero)
                & Vector256.GreaterThan(products * products * Squares, _products * _products * squares);
            code = Vector256.ConditionalSelect(accept, moved, code);
            _products = Vector256.ConditionalSelect(accept, products, _products);
            Squares = Vector256.ConditionalSelect(accept, squares, Squares);
            return accept;
        }
    }
}
