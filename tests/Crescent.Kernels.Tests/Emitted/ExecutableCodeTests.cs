using Crescent.Kernels.Emitted;
using Crescent.Kernels.Emitted.Packing;
using Crescent.Kernels.MatMul;
using Crescent.Kernels.Quantization;
using Crescent.Kernels.Tests.MatMul;
using Crescent.Kernels.Threading;
using Xunit;

namespace Crescent.Kernels.Tests.Emitted;

/// <summary>The pages of emitted code, as the system lists them, and what happens where it gives none.</summary>
public class ExecutableCodeTests
{
    [Fact]
    public void No_page_is_writable_and_executable_at_once()
    {
        PanelKernelTests.SkipUnlessEmitted();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "the system's list of pages is read from /proc/self/maps");
        Assert.SkipWhen(Environment.GetEnvironmentVariable("DOTNET_EnableWriteXorExecute") == "0", "the runtime was told to keep its own code writable");
        var addresses = PanelKernelTests.Formats.SelectMany(row => Addresses(PanelCodecs.Find(row.Data)!.Kernels)).ToArray();
        var maps = File.ReadAllLines("/proc/self/maps");
        Assert.DoesNotContain(maps, line => Access(line).StartsWith("rwx", StringComparison.Ordinal));
        Assert.All(addresses, address => Assert.Equal("r-xp", Access(Assert.Single(maps, line => Holds(line, address)))));
    }

    [Fact]
    public void Where_no_code_is_allowed_there_are_no_kernels()
    {
        PanelKernelTests.SkipUnlessEmitted();
        Assert.Null(PanelKernels.Create(Q4_0Packer.Format, _ => 0));
    }

    [Theory]
    [InlineData(13)]
    [InlineData(PanelPairProduct.LeastItems)]
    public void Where_no_more_code_is_allowed_the_first_kernel_does_all(int tokens)
    {
        const int Columns = 256;
        PanelKernelTests.SkipUnlessEmitted();
        var loads = 0;
        var codec = new PanelCodec<Q4_0Packer>(PanelKernels.Create(Q4_0Packer.Format, code => loads++ == 0 ? ExecutableCode.Load(code) : 0)!, 32, 1);
        using var weights = TestMatrix.Random(DType.Q4_0, 32, Columns, IsaLevel.Avx512);
        var emitted = new Block32Matrix<Q4_0, Avx512Isa>(
            new MatrixSource(new MatrixBytes(DType.Q4_0, weights.Matrix.Bytes, default, 32, Columns)), new PanelRows(codec, new PackedPanels(), 0));
        using var pool = new ComputePool(1);
        using var input = ProductRuns.RandomInput(tokens, Columns);
        AssertBits.Equal(
            ProductRuns.Run(pool, weights.Matrix, input, tokens, ActivationType.Int8), ProductRuns.Run(pool, emitted, input, tokens, ActivationType.Int8), "one row at a time");
        Assert.True(loads > 1, "expected a second kernel to be asked for");
    }

    private static nint[] Addresses(PanelKernels kernels) =>
        [.. Enumerable.Range(1, kernels.Format.MostInputs).Select(inputs => Address(kernels, inputs)), .. Enumerable.Range(1, kernels.Format.MostPairInputs).Select(kernels.ForPair)];

    private static nint Address(PanelKernels kernels, int inputs)
    {
        var taken = inputs;
        var address = kernels.For(ref taken);
        Assert.Equal(inputs, taken);
        return address;
    }

    // start-end access offset device file
    private static string Access(string line) => line.Split(' ')[1];

    private static bool Holds(string line, nint address)
    {
        var range = line.Split(' ')[0].Split('-');
        return Convert.ToUInt64(range[0], 16) <= (ulong)address && (ulong)address < Convert.ToUInt64(range[1], 16);
    }
}
