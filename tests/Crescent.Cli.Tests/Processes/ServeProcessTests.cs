using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Processes;

/// <summary>The server as a process of its own.</summary>
public sealed class ServeProcessTests
{
    [Fact]
    public async Task It_answers_until_it_is_interrupted()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals of Linux");
        using var process = CliProcess.Start("serve", Models.Stories, "--port", "0", "--json", "--temp", "0", "--name", "stories");
        using var started = JsonDocument.Parse((await process.Out.ReadLineAsync(TestContext.Current.CancellationToken))!);
        Assert.Equal("stories", started.RootElement.GetProperty("model").GetString());
        using var client = new HttpClient { BaseAddress = new Uri(started.RootElement.GetProperty("addresses")[0].GetString()!) };
        using var body = new StringContent("""{"messages":[{"role":"user","content":"Once upon a time"}],"max_tokens":12}""", Encoding.UTF8, "application/json");
        using var response = await client.PostAsync("v1/chat/completions", body, TestContext.Current.CancellationToken);
        using var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.StartsWith(", there was a little girl", reply.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
        process.Interrupt();
        var result = process.Finish();
        Assert.Equal((130, ""), (result.ExitCode, result.Out));
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_models_are_loaded_when_they_are_asked_for()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals of Linux");
        using var folder = new TemporaryFolder();
        File.Copy(Models.Stories, folder["tales.gguf"]);
        Directory.CreateDirectory(folder["nested"]);
        File.Copy(Models.Stories, Path.Combine(folder["nested"], "model.gguf"));
        folder.Write("broken.gguf", "no model");
        using var process = CliProcess.Start("serve", $"first={Models.Stories}", "--models", folder["."], "--port", "0", "--json", "--temp", "0", "--memory", "1GB", "--keep-alive", "1h", "--prefix-cache", "off");
        using var started = JsonDocument.Parse((await process.Out.ReadLineAsync(TestContext.Current.CancellationToken))!);
        Assert.Equal(["first", "tales", "nested"], started.RootElement.GetProperty("models").EnumerateArray().Select(name => name.GetString()));
        using var client = new HttpClient { BaseAddress = new Uri(started.RootElement.GetProperty("addresses")[0].GetString()!) };
        foreach (var name in (string[])["nested", "first"])
        {
            using var body = new StringContent($$"""{"model":"{{name}}","messages":[{"role":"user","content":"Once upon a time"}],"max_tokens":12}""", Encoding.UTF8, "application/json");
            using var response = await client.PostAsync("v1/chat/completions", body, TestContext.Current.CancellationToken);
            using var reply = JsonDocument.Parse(await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
            Assert.StartsWith(", there was a little girl", reply.RootElement.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString(), StringComparison.Ordinal);
        }

        using var list = JsonDocument.Parse(await client.GetStringAsync("v1/models", TestContext.Current.CancellationToken));
        Assert.Equal(["loaded", "unloaded", "loaded"], list.RootElement.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("status").GetProperty("value").GetString()));
        process.Interrupt();
        var result = process.Finish();
        Assert.Equal((130, ""), (result.ExitCode, result.Out));
        Assert.Contains("broken.gguf is not served", result.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Models_that_cannot_be_told_apart_are_refused()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("serve", Models.Stories, Models.Stories, "--quiet").Failed(2, "NAME=PATH");
        InProcess.Run("serve", Models.Stories, $"b={Models.Stories}", "--name", "c", "--quiet").Failed(2, "--name");
        InProcess.Run("serve", "--models", folder["."], "--quiet").Failed(1, "found none");
        InProcess.Run("serve", "--models", folder["missing"], "--quiet").Failed(1, "no such folder");
        InProcess.Run("serve", Models.Stories, "--keep-alive", "soon", "--quiet").Failed(2, "--keep-alive: expected a duration");
    }

    [Fact]
    public void A_port_that_is_taken_is_one_line()
    {
        using var taken = new TcpListener(System.Net.IPAddress.Loopback, 0);
        taken.Start();
        var port = ((System.Net.IPEndPoint)taken.LocalEndpoint).Port;
        InProcess.Run("serve", Models.Stories, "--port", port.ToString(), "--quiet").Failed(1, port.ToString(), "in use");
    }

    [Theory]
    [InlineData("--host", "0.0.0.0", "--api-key-file")]
    [InlineData("--host", "example", "IP address")]
    [InlineData("--port", "70000", "0..65535")]
    [InlineData("--parallel", "0", "--parallel: expected 1..")]
    [InlineData("--queue", "-1", "--queue: expected 0..")]
    public void Options_out_of_range_are_wrong_usage(string option, string value, string words) =>
        InProcess.Run("serve", Models.Stories, option, value, "--quiet").Failed(2, words);

    [Fact]
    public void A_price_list_with_a_mistake_is_refused()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("serve", Models.Stories, "--prices", folder.Write("prices.json", """{"date":"2026-11-01","currency":"EUR","electricity":{"watts":-1,"per_kwh":1}}""")).Failed(1, "--prices", "electricity.watts");
        InProcess.Run("serve", Models.Stories, "--prices", folder["missing"]).Failed(1, "--prices");
    }

    [Fact]
    public void A_key_file_without_keys_is_refused()
    {
        using var folder = new TemporaryFolder();
        InProcess.Run("serve", Models.Stories, "--api-key-file", folder.Write("keys", "# none\n\n")).Failed(1, "--api-key-file", "an API key a line");
        InProcess.Run("serve", Models.Stories, "--api-key-file", folder["missing"]).Failed(1, "--api-key-file");
    }
}
