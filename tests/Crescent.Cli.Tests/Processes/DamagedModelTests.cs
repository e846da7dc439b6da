using System.Runtime.InteropServices;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>Damaged models through the executable: whatever the bytes, a clear end.</summary>
public sealed class DamagedModelTests
{
    public static TheoryData<string, int> Damages => [.. Enumerable.Range(0, 20).Select(seed => (new[] { "g-llama", "g-llama-tied-q", "g-kimi-k2-q4_0", "g-qwen3moe-q" }[seed % 4], 9000 + seed))];

    [Theory]
    [MemberData(nameof(Damages))]
    public void A_damaged_model_is_refused_in_one_line_or_gives_finite_logits(string name, int seed)
    {
        using var folder = new TemporaryFolder();
        var path = folder.Write("damaged.gguf", Corruption.Corrupt(File.ReadAllBytes(Models.Golden(name)), seed));
        var result = CliProcess.Run([], "logits", path, "--tokens", "1,403,407", "--out", folder["logits"]);
        if (result.ExitCode == 0)
        {
            Assert.All(MemoryMarshal.Cast<byte, float>(File.ReadAllBytes(folder["logits"])).ToArray(), value => Assert.True(float.IsFinite(value)));
        }
        else
        {
            result.Failed(1, "damaged.gguf");
        }
    }
}
