using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class StatusTests
{
    private const string Path = "/crescent/status";

    [Fact]
    public async Task It_tells_of_memory_and_slots()
    {
        await using var scene = await ServerScene.OpenAsync();
        var idle = await scene.GetAsync(Path);
        Assert.Equal(["resident_bytes", "streamed", "slots"], idle.EnumerateObject().Select(field => field.Name));
        Assert.Equal(scene.Engine.Memory().ResidentBytes, idle.GetProperty("resident_bytes").GetInt64());
        Assert.Equal(0, idle.GetProperty("streamed").GetProperty("bytes").GetInt64());
        Assert.Equal("""{"busy":0,"total":4}""", idle.GetProperty("slots").GetRawText());
        using var gate = scene.HoldFirstStep();
        var answer = scene.AskAsync("/v1/completions", """{"prompt":"Once","max_tokens":2}""");
        await Wait.ForAsync(() => scene.Engine.Status().Slots.Any(slot => slot.Request is not null));
        Assert.Equal("""{"busy":1,"total":4}""", (await scene.GetAsync(Path)).GetProperty("slots").GetRawText());
        gate.Set();
        await answer;
    }

    [Fact]
    public async Task Models_tell_the_number_of_their_weights()
    {
        await using var scene = await ServerScene.OpenAsync();
        // Embedding and head; five layers of attention (8 heads, 4 of keys), feed-forward and norms; the last norm.
        const int Parameters = (2 * 512 * 64) + (5 * ((2 * 64 * 64) + (2 * 32 * 64) + (3 * 172 * 64) + (2 * 64))) + 64;
        Assert.Equal(Parameters, (await scene.GetAsync("/v1/models")).GetProperty("data")[0].GetProperty("meta").GetProperty("n_params").GetInt64());
    }
}
