using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels.Quantization;

namespace Crescent.Kernels.MatMul;

/// <summary>
/// The loops of signed bytes [columns, rows]: the input's axis first. A few columns of a panel of rows are unpacked at a time, so that every cache
/// line of the weights is read once and whole, whatever lies between one column and the next.
/// </summary>
/// <remarks>
/// The order of sums in 8 bits: group by group of 32 columns <c>acc = fma(Σ codes, da, acc)</c>, and at the end of each group of scales
/// <c>sum = fma(acc, dw, sum)</c>. In floats rows are decoded: that of <see cref="FloatMatMul"/>.
/// </remarks>
internal static unsafe class InputMajorMatMul
{
    /// <summary>Rows of a panel: two cache lines of each column.</summary>
    public const int PanelRows = 128;

    /// <summary>Bytes of 32 packed columns of a panel: a <see cref="PackedGroup"/> for every 8 rows.</summary>
    public const int PackedGroupBytes = PanelRows / 8 * PackedGroup.Bytes;

    /// <summary>Unpacks 32 columns of some rows, <paramref name="stride"/> bytes apart.</summary>
    /// <param name="packed">Written for the rows up to a multiple of 16.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void Pack<TIsa>(byte* codes, nint stride, int rows, byte* packed)
        where TIsa : struct, IIsa
    {
        var last = stackalloc byte[4 * 16];
        for (var quad = 0; quad < 8; quad++, codes += 4 * stride, packed += 32)
        {
            PrefetchFour<TIsa>(codes + (32 * stride), stride, rows);
            nint row = 0;
            for (; row <= rows - 16; row += 16)
            {
                PackFour(codes + row, stride, packed + (32 * row));
            }

            if (row < rows)
            {
                for (var column = 0; column < 4; column++)
                {
                    new Span<byte>(codes + (column * stride) + row, rows - (int)row).CopyTo(new Span<byte>(last + (16 * column), 16));
                }

                PackFour(last, 16, packed + (32 * row));
            }
        }
    }

    /// <summary>acc[0..rows] = fma(Σ codes over a group, its input scale, acc), group by group.</summary>
    /// <param name="packed">[groups, panel rows / 8] packed groups.</param>
    /// <param name="rows">Rounded up to a multiple of 8.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void MultiplyPacked<TIsa>(byte* packed, int rows, QuantizedGroup* input, nint groups, float* acc)
        where TIsa : struct, IIsa
    {
        for (nint row = 0; row < rows; row += 8)
        {
            var sum = Vector256.Load(acc + row);
            var p = packed + (32 * row);
            for (nint group = 0; group < groups; group++, p += PackedGroupBytes)
            {
                var x = input + group;
                var products = TIsa.PacksBatches ? PackedGroup.Dot<INT8_KN>(p, x->Codes) : Dot(p, x->Codes);
                sum = TIsa.MultiplyAdd(Vector256.ConvertToSingle(products), Vector256.Create(x->Scale), sum);
            }

            sum.Store(acc + row);
        }
    }

    /// <summary>sums = fma(acc, scales, sums), and clears acc.</summary>
    public static void AddScaled<TIsa>(float* acc, float* scales, float* sums, int rows)
        where TIsa : struct, IIsa
    {
        for (nint row = 0; row < rows; row += 8)
        {
            TIsa.MultiplyAdd(Vector256.Load(acc + row), Vector256.Load(scales + row), Vector256.Load(sums + row)).Store(sums + row);
            Vector256<float>.Zero.Store(acc + row);
        }
    }

    /// <summary>Scales of some rows as floats, continued with zeros to a multiple of 8.</summary>
    public static void DecodeScales(byte* source, int rows, float* scales)
    {
        nint row = 0;
        for (; row <= rows - 8; row += 8)
        {
            BF16.Load(source + (2 * row)).Store(scales + row);
        }

        for (; row < ((rows + 7) & ~7); row++)
        {
            scales[row] = row < rows ? BitConverter.UInt32BitsToSingle((uint)Unsafe.ReadUnaligned<ushort>(source + (2 * row)) << 16) : 0;
        }
    }

    /// <summary>Decodes one column of some rows, continued with zeros to a multiple of 8: 8 rows, and the next 8 after a block of 8 × 8.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void DecodeColumn<TIsa>(byte* codes, nint stride, int rows, float* scales, float* values)
        where TIsa : struct, IIsa
    {
        TIsa.Prefetch(codes + (32 * stride), rows);
        nint row = 0;
        for (; row <= rows - 8; row += 8)
        {
            (Vector256.ConvertToSingle(Unpacking.WidenEight(codes + row)) * Vector256.Load(scales + row)).Store(values + (8 * row));
        }

        for (; row < ((rows + 7) & ~7); row++)
        {
            values[(8 * (row & ~7)) + (row & 7)] = row < rows ? (sbyte)codes[row] * scales[row] : 0;
        }
    }

    /// <summary>Stores 8 columns of some rows, row by row.</summary>
    /// <param name="blocks">[rows / 8, 8 columns, 8 rows].</param>
    /// <param name="target">Written at 8 columns of every row.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    public static void StoreRows<TIsa>(float* blocks, int rows, float* target, nint stride)
        where TIsa : struct, IIsa
    {
        var turned = stackalloc float[64];
        for (nint row = 0; row < rows; row += 8, target += 8 * stride)
        {
            TIsa.Transpose((int*)(blocks + (8 * row)), (int*)turned);
            for (nint i = 0; i < 8; i++)
            {
                Vector256.Load(turned + (8 * i)).Store(target + (i * stride));
            }
        }
    }

    // 4 columns of 16 rows: each row's 4 codes together, the second 8 rows in the next packed group.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PackFour(byte* codes, nint stride, byte* packed)
    {
        if (!Sse2.IsSupported)
        {
            for (var i = 0; i < 64; i++)
            {
                packed[(i / 32 * PackedGroup.Bytes) + (i % 32)] = codes[(i % 4 * stride) + (i / 4)];
            }

            return;
        }

        var column0 = Vector128.Load(codes);
        var column1 = Vector128.Load(codes + stride);
        var column2 = Vector128.Load(codes + (2 * stride));
        var column3 = Vector128.Load(codes + (3 * stride));
        var low01 = Sse2.UnpackLow(column0, column1).AsInt16();
        var low23 = Sse2.UnpackLow(column2, column3).AsInt16();
        var high01 = Sse2.UnpackHigh(column0, column1).AsInt16();
        var high23 = Sse2.UnpackHigh(column2, column3).AsInt16();
        Sse2.UnpackLow(low01, low23).AsByte().Store(packed);
        Sse2.UnpackHigh(low01, low23).AsByte().Store(packed + 16);
        Sse2.UnpackLow(high01, high23).AsByte().Store(packed + PackedGroup.Bytes);
        Sse2.UnpackHigh(high01, high23).AsByte().Store(packed + PackedGroup.Bytes + 16);
    }

    // The columns of the next group: each is far from the one before, so no prefetcher of the processor finds them.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchFour<TIsa>(byte* codes, nint stride, int rows)
        where TIsa : struct, IIsa
    {
        TIsa.Prefetch(codes, rows);
        TIsa.Prefetch(codes + stride, rows);
        TIsa.Prefetch(codes + (2 * stride), rows);
        TIsa.Prefetch(codes + (3 * stride), rows);
    }

    // As PackedGroup.Dot, for every processor.
    private static Vector256<int> Dot(byte* packed, sbyte* input)
    {
        var sums = stackalloc int[8];
        new Span<int>(sums, 8).Clear();
        for (var i = 0; i < PackedGroup.Bytes; i++)
        {
            sums[i / 4 % 8] += (sbyte)packed[i] * input[(i / 32 * 4) + (i % 4)];
        }

        return Vector256.Load(sums);
    }
}
