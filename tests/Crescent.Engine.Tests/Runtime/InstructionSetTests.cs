using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Crescent.Kernels;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>The engine on a machine without AVX2: a child process with it switched off.</summary>
public sealed class InstructionSetTests
{
    private const string ChildVariable = "CRESCENT_TEST_CHILD";
    private const float FloatBound = 2e-4f;

    [Fact]
    public async Task Without_AVX2_the_portable_level_gives_the_golden_logits()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Skip("DOTNET_EnableAVX2 is a switch of x64 alone");
        }

        var start = new ProcessStartInfo(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", "dotnet"))
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            ArgumentList = { typeof(InstructionSetTests).Assembly.Location, "-class", typeof(InstructionSetTests).FullName! },
            Environment = { ["DOTNET_EnableAVX2"] = "0", [ChildVariable] = "1" },
        };
        if (Environment.GetEnvironmentVariable(ChildVariable) == "1")
        {
            Assert.Skip("the child starts no child");
        }

        using var child = Process.Start(start)!;
        var errors = child.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var output = await child.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        await child.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(child.ExitCode == 0, $"exit code {child.ExitCode}\n{output}\n{await errors}");
        Assert.Contains("Failed: 0", output, StringComparison.Ordinal);
        Assert.Contains("Skipped: 1", output, StringComparison.Ordinal); // the parent's own test; the child's ran
    }

    [Theory]
    [InlineData("g-llama")]
    [InlineData("g-kimi-k2")]
    [InlineData("g-qwen3moe")]
    public void In_the_child_AVX2_is_off_and_the_portable_level_is_chosen(string name)
    {
        if (Environment.GetEnvironmentVariable(ChildVariable) != "1")
        {
            Assert.Skip("runs in the child process of the test beside it");
        }

        Assert.False(Avx2.IsSupported);
        Assert.False(Vector256.IsHardwareAccelerated);
        Assert.Equal(IsaLevel.Portable, IsaLevels.Best);
        Assert.Throws<Engine.Checkpoints.CheckpointException>(() => LoadedModel.Open(name, LoadedModel.Plain with { Isa = IsaLevel.Avx2 }));
        using var model = LoadedModel.Open(name);
        Logits.AssertWithin(FloatBound, TestModels.Floats("golden-models", $"{name}.logits.f32"), model.Score(TestModels.Tokens(), 16));
    }
}
