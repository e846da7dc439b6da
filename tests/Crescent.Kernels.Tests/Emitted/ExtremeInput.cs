using Crescent.Kernels.MatMul;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>Input rows whose 8-bit form is at its ends: codes ±127 alike or alternating, zeros, scales from the smallest to the largest, NaN and infinity.</summary>
internal static class ExtremeInput
{
    private static readonly float[] s_magnitudes = [1, 127, 1e-30f, 1e-36f, 1e-38f, 1e-42f, 1e30f, float.MaxValue];

    public static Activations Create(int rows, int columns, Random random)
    {
        var input = new Activations(rows, columns) { Rows = rows };
        for (var row = 0; row < rows; row++)
        {
            var values = input.Row(row);
            var bad = row % 5 == 4 ? random.Next(columns / 32) : -1;
            // Huge values swallow the rest of a row's sum: half of the rows are without.
            var magnitudes = s_magnitudes.AsSpan(0, row % 2 == 0 ? 5 : s_magnitudes.Length);
            for (var group = 0; group < columns / 32; group++)
            {
                Fill(values.Slice(32 * group, 32), magnitudes[random.Next(magnitudes.Length)], random);
                if (group == bad)
                {
                    values[(32 * group) + random.Next(32)] = random.Next(3) switch { 0 => float.NaN, 1 => float.PositiveInfinity, _ => float.NegativeInfinity };
                }
            }
        }

        return input;
    }

    private static void Fill(Span<float> group, float magnitude, Random random)
    {
        switch (random.Next(5))
        {
            case 0:
                group.Clear();
                break;
            case 1:
                group.Fill(magnitude);
                break;
            case 2:
                group.Fill(-magnitude);
                break;
            case 3:
                for (var i = 0; i < group.Length; i++)
                {
                    group[i] = i % 2 == 0 ? magnitude : -magnitude;
                }

                break;
            default:
                foreach (ref var value in group)
                {
                    value = magnitude * ((random.NextSingle() * 2) - 1);
                }

                break;
        }
    }
}
