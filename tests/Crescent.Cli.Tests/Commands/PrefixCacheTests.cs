using System.Text.Json;
using Crescent.Tests.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

/// <summary>Prompts whose beginnings are kept between runs.</summary>
public sealed class PrefixCacheTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Cache => _folder["prefixes"];

    private string[] Files => Directory.Exists(Cache) ? Directory.GetFiles(Cache, "*.prefix", SearchOption.AllDirectories) : [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_system_message_is_restored_for_another_question_with_the_same_answer_as_without()
    {
        Ask("What now?");
        var plain = Ask("Who was she?", "--prefix-cache", "off");
        var restored = Ask("Who was she?");
        Assert.Equal(0, plain.GetProperty("cachedTokens").GetInt32());
        Assert.InRange(restored.GetProperty("restoredTokens").GetInt32(), 64, 400);
        Assert.Equal(restored.GetProperty("cachedTokens").GetInt32(), restored.GetProperty("restoredTokens").GetInt32());
        Assert.True(restored.GetProperty("restoreMs").GetDouble() > 0);
        Assert.Equal(JsonAssert.Ints(plain.GetProperty("ids")), JsonAssert.Ints(restored.GetProperty("ids")));
        Assert.Single(Files);
    }

    [Fact]
    public void Another_system_message_cache_type_or_setting_finds_nothing()
    {
        Ask("What now?");
        foreach (var other in (string[][])[["--kv-type", "f32"], ["--activations", "f32"], ["--system", "Other. " + Goldens.Words(90)], ["--template", "chatml"], ["--override-kv", "llama.rope.freq_base=float:9000"]])
        {
            Assert.Equal(0, Ask("What now?", other).GetProperty("restoredTokens").GetInt32());
        }
    }

    [Fact]
    public void A_conversation_keeps_and_finds_the_same_beginning()
    {
        Ask("What now?");
        var result = InProcess.Pipe("Who was she?\n", ["chat", .. Arguments]).Succeeded();
        using var answer = JsonDocument.Parse(result.Out);
        Assert.InRange(answer.RootElement.GetProperty("restoredTokens").GetInt32(), 64, 400);
        Assert.Single(Files);
    }

    [Fact]
    public void Short_system_messages_and_raw_prompts_are_kept_only_on_request()
    {
        string[] raw = ["run", Models.Stories, "--raw", "-p", Goldens.Words(400), "-n", "2", "-c", "1024", "--temp", "0", "--json", "--prefix-cache", Cache];
        InProcess.Run(raw).Succeeded();
        InProcess.Run("run", Models.Stories, "--system", "Be brief.", "-p", "Go on", "-n", "2", "-c", "512", "--prefix-cache", Cache).Succeeded();
        Assert.Empty(Files);
        InProcess.Run([.. raw, "--save-prefix"]).Succeeded();
        Assert.InRange(InProcess.Run(raw).Json.GetProperty("restoredTokens").GetInt32(), 256, 1024);
    }

    [Fact]
    public void The_closing_line_tells_what_was_restored()
    {
        Ask("What now?");
        Assert.Matches("cached, [0-9]+ of them restored in [0-9.]+ ms", InProcess.Run(["run", "-p", "Who?", .. Arguments]).Succeeded().Error);
    }

    [Fact]
    public void Without_a_folder_named_it_is_the_users_own()
    {
        using var environment = new HubEnvironment(_folder["home"]);
        InProcess.Run("run", Models.Stories, "--raw", "-p", Goldens.Words(400), "-n", "2", "-c", "1024", "--save-prefix").Succeeded();
        Assert.Single(Directory.GetFiles(Path.Combine(_folder["home"], "prefixes"), "*.prefix", SearchOption.AllDirectories));
        environment.Set("CRESCENT_HOME", null);
        environment.Set("XDG_CACHE_HOME", _folder["cache"]);
        InProcess.Run("run", Models.Stories, "--raw", "-p", Goldens.Words(400), "-n", "2", "-c", "1024", "--save-prefix").Succeeded();
        Assert.SkipUnless(OperatingSystem.IsLinux(), "XDG_CACHE_HOME is a habit of Linux");
        Assert.Single(Directory.GetFiles(Path.Combine(_folder["cache"], "crescent", "prefixes"), "*.prefix", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_the_options_cannot_mean_is_refused()
    {
        InProcess.Run("run", Models.Stories, "-p", "x", "--prefix-cache", "").Failed(2, "--prefix-cache");
        InProcess.Run("run", Models.Stories, "-p", "x", "--prefix-cache-size", "much").Failed(2, "--prefix-cache-size");
        InProcess.Run("run", Models.Stories, "-p", "x", "--prefix-cache-tokens", "0").Failed(2, "--prefix-cache-tokens");
    }

    private string[] Arguments =>
        [Models.Stories, "--system", Goldens.Words(90), "-n", "8", "-c", "512", "--temp", "0", "--json", "--prefix-cache", Cache, "--prefix-cache-tokens", "64"];

    // Arguments given again take the place of the usual ones.
    private JsonElement Ask(string question, params string[] more)
    {
        var arguments = Arguments.ToList();
        for (var i = 0; i < more.Length; i += 2)
        {
            var at = arguments.IndexOf(more[i]);
            if (at >= 0)
            {
                arguments.RemoveRange(at, 2);
            }

            arguments.AddRange(more[i], more[i + 1]);
        }

        return InProcess.Run(["run", "-p", question, .. arguments]).Json;
    }
}
