using System.Globalization;
using Crescent.Cli;
using Crescent.Cli.Hub;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Hub;

/// <summary><c>pull</c>, <c>models</c> and <c>models rm</c> as commands, and models named instead of paths.</summary>
public sealed class StoreCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestHub _hub = new();
    private readonly HubEnvironment _environment;

    public StoreCommandTests() => _environment = new HubEnvironment(_folder["home"], _hub.Url);

    public void Dispose()
    {
        _environment.Dispose();
        _hub.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_pulled_model_runs_by_its_name()
    {
        _hub.Files["stories.gguf"] = File.ReadAllBytes(Models.Stories);
        var pulled = InProcess.Run("pull", TestHub.Id, "--json").Json;
        JsonAssert.HasFields(pulled, "name", "revision", "commit", "path", "files", "bytes", "fetchedBytes", "seconds");
        foreach (var name in new[] { TestHub.Id, "some-model" })
        {
            Assert.StartsWith(", there was a little girl", InProcess.Run("run", name, "--raw", "-p", "Once upon a time", "-n", "8", "--temp", "0").Succeeded().Out, StringComparison.Ordinal);
        }

        InProcess.Run("tokenize", "some-model", "--text", "a").Succeeded();
        InProcess.Run("run", "some-model:Q8_0", "-p", "a").Failed(1, "'Q8_0' is not in the store", "crescent pull some-org/some-model:Q8_0");
    }

    [Fact]
    public void Models_are_listed_with_format_bytes_and_time()
    {
        Assert.Contains("crescent pull", InProcess.Run("models").Succeeded().Error, StringComparison.Ordinal);
        _hub.Files["m-Q4_0.gguf"] = TestHub.RandomBytes(3000);
        Assert.Contains("1 file, 2.9 KiB, 2.9 KiB fetched", InProcess.Run("pull", TestHub.Id).Succeeded().Out, StringComparison.Ordinal);
        Assert.Contains("up to date", InProcess.Run("pull", TestHub.Id).Succeeded().Out, StringComparison.Ordinal);
        Directory.CreateDirectory(Path.Combine(_folder["home"], "models", "other", "half"));
        var models = InProcess.Run("models", "--json").Json.GetProperty("models");
        Assert.Equal(2, models.GetArrayLength());
        Assert.Equal(("other/half", "incomplete", false), (models[0].GetProperty("name").GetString(), models[0].GetProperty("format").GetString(), models[0].GetProperty("complete").GetBoolean()));
        Assert.Equal((TestHub.Id, "gguf", true), (models[1].GetProperty("name").GetString(), models[1].GetProperty("format").GetString(), models[1].GetProperty("complete").GetBoolean()));
        Assert.Equal("Q4_0", models[1].GetProperty("quants")[0].GetString());
        Assert.InRange(models[1].GetProperty("bytes").GetInt64(), 3000, 4000);
        var lines = InProcess.Run("models").Succeeded().Out.Split('\n');
        Assert.Contains("not complete", lines[0], StringComparison.Ordinal);
        Assert.Contains(DateTime.Now.Year.ToString(CultureInfo.InvariantCulture), lines[1], StringComparison.Ordinal);
        Assert.EndsWith("gguf Q4_0", lines[1], StringComparison.Ordinal);
    }

    [Fact]
    public void Removing_asks_a_person_and_needs_yes_from_a_script()
    {
        _hub.Files["m.gguf"] = TestHub.RandomBytes(3000);
        var folder = Path.Combine(_folder["home"], "models", "some-org");
        InProcess.Run("pull", TestHub.Id).Succeeded();
        InProcess.Run("models", "rm", TestHub.Id).Failed(2, "--yes");
        Assert.Equal(1, Ask("n\n", "some-model"));
        Assert.Equal(1, Ask("", "some-model"));
        Assert.True(Directory.Exists(folder));
        Assert.Equal(0, Ask("y\n", "some-model"));
        Assert.False(Directory.Exists(folder));
        InProcess.Run("pull", TestHub.Id).Succeeded();
        Assert.True(InProcess.Run("models", "rm", TestHub.Id, "--yes", "--json").Json.GetProperty("removed").GetBoolean());
        Assert.False(Directory.Exists(folder));
        InProcess.Run("models", "rm", TestHub.Id, "--yes").Failed(1, "no model 'some-org/some-model' in the store");
    }

    [Theory]
    [InlineData("../outside")]
    [InlineData("a/../../outside")]
    [InlineData("..")]
    [InlineData(".")]
    [InlineData("/tmp")]
    [InlineData("some-org/..")]
    [InlineData("a\\b")]
    public void Removing_refuses_names_that_lead_out_of_the_store(string name)
    {
        Directory.CreateDirectory(Path.Combine(_folder["home"], "models", "some-org", "some-model"));
        Directory.CreateDirectory(Path.Combine(_folder["home"], "outside"));
        InProcess.Run("models", "rm", name, "--yes").Failed(2, "expected the name of a stored model");
        Assert.True(Directory.Exists(Path.Combine(_folder["home"], "outside")));
        Assert.True(Directory.Exists(Path.Combine(_folder["home"], "models", "some-org", "some-model")));
    }

    [Fact]
    public void Removing_a_link_leaves_what_it_points_to()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "links need rights elsewhere");
        Directory.CreateDirectory(_folder["elsewhere"]);
        var file = _folder.Write("elsewhere/kept", "x");
        Directory.CreateDirectory(Path.Combine(_folder["home"], "models", "some-org"));
        Directory.CreateSymbolicLink(Path.Combine(_folder["home"], "models", "some-org", "link"), _folder["elsewhere"]);
        InProcess.Run("models", "rm", "some-org/link", "--yes").Succeeded();
        Assert.True(File.Exists(file));
    }

    [Fact]
    public void A_model_that_is_being_pulled_is_not_removed()
    {
        _hub.Files["m.gguf"] = TestHub.RandomBytes(10);
        InProcess.Run("pull", TestHub.Id).Succeeded();
        using var held = ModelLock.TryTake(ModelStore.FromEnvironment(), HubId.Parse(TestHub.Id), out _);
        InProcess.Run("models", "rm", TestHub.Id, "--yes").Failed(1, $"process {Environment.ProcessId} is pulling it");
    }

    [Fact]
    public void A_name_that_is_no_path_and_not_in_the_store_says_how_to_pull_it()
    {
        InProcess.Run("run", "some-org/none", "-p", "a").Failed(1, "some-org/none: no such file", "'crescent pull some-org/none' downloads it");
        InProcess.Run("run", "some-org/none:Q4_0", "-p", "a").Failed(1, "'crescent pull some-org/none:Q4_0'");
        Assert.DoesNotContain("crescent pull", InProcess.Run("run", "folder/model.gguf", "-p", "a").Failed(1, "no such file").Error, StringComparison.Ordinal);
        Assert.Equal([], _hub.Requests);
    }

    [Fact]
    public void A_path_that_exists_wins_over_a_stored_name()
    {
        _hub.Files["m.gguf"] = TestHub.RandomBytes(10);
        InProcess.Run("pull", TestHub.Id).Succeeded();
        Assert.Equal(_folder.Path, ModelPath.Resolve(_folder.Path));
        Assert.Equal(Path.Combine(_folder["home"], "models", "some-org", "some-model", "m.gguf"), ModelPath.Resolve("some-model"));
    }

    [Fact]
    public void Stored_names_resolve_to_first_shards_folders_and_choices()
    {
        Store("a/split", true, "x/m-Q8_0-00001-of-00002.gguf", "x/m-Q8_0-00002-of-00002.gguf");
        Store("a/two", true, "m-Q4_0.gguf", "m-Q8_0.gguf");
        Store("a/tensors", true, "model.safetensors", "config.json");
        Store("a/half", false, "model.safetensors");
        Store("a/half-split", false, "m-Q8_0-00001-of-00002.gguf", "m-Q4_0.gguf");
        Store("b/two", true, "m.gguf");
        Assert.EndsWith(Path.Combine("x", "m-Q8_0-00001-of-00002.gguf"), ModelPath.Resolve("split"), StringComparison.Ordinal);
        Assert.EndsWith("m-Q4_0.gguf", ModelPath.Resolve("a/two:q4_0"), StringComparison.Ordinal);
        Assert.EndsWith(Path.Combine("a", "tensors"), ModelPath.Resolve("a/tensors"), StringComparison.Ordinal);
        Assert.EndsWith("m-Q4_0.gguf", ModelPath.Resolve("half-split:Q4_0"), StringComparison.Ordinal);
        Refused("a/two", "name one of a/two:Q4_0, a/two:Q8_0");
        Refused("two", "found a/two, b/two");
        Refused("a/half", "not complete");
        Refused("half-split:Q8_0", "'Q8_0' is not in the store, only a/half-split:Q4_0");
    }

    [Fact]
    public void Without_a_folder_of_its_own_the_store_is_among_the_data_of_applications()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "XDG_DATA_HOME is of Linux");
        _environment.Set("CRESCENT_HOME", null);
        _environment.Set("XDG_DATA_HOME", _folder["data"]);
        Assert.Equal(Path.Combine(_folder["data"], "crescent"), ModelStore.FromEnvironment().Root);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("{\"name\":\"a/b\",\"commit\":\"\",\"files\":[{\"path\":\"../../../etc/passwd\",\"digest\":\"\"}]}")]
    [InlineData("{\"name\":\"a/b\",\"commit\":\"\",\"files\":[null]}")]
    [InlineData("{\"name\":\"a/b\",\"commit\":\"\",\"files\":[{\"path\":\"m.gguf\",\"digest\":\"md5:1\"}]}")]
    public void A_damaged_description_is_none(string json)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder["home"], "models", "a", "b")).FullName;
        File.WriteAllText(Path.Combine(folder, StoredModel.FileName), json);
        Refused("a/b", "not complete");
        Assert.Contains("incomplete", InProcess.Run("models").Succeeded().Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pull|name", "expected a hub id org/name[:quant], found 'name'")]
    [InlineData("pull|a/b|--connections|0", "--connections: expected 1..64, found 0")]
    [InlineData("models|rm|a/b:Q4|--yes", "models are deleted whole")]
    public void Wrong_usage_is_told(string command, string expected) => InProcess.Run(command.Split('|')).Failed(2, expected);

    [Theory]
    [InlineData("HF_ENDPOINT", "ftp://x")]
    [InlineData("HF_ENDPOINT", "https://user:password@x")]
    [InlineData("HF_TOKEN", "a b")]
    public void Bad_settings_are_told_without_secrets(string name, string value)
    {
        _environment.Set(name, value);
        var result = InProcess.Run("pull", "a/b").Failed(1, name);
        Assert.DoesNotContain("a b", result.Error, StringComparison.Ordinal);
    }

    private static void Refused(string name, string expected) =>
        Assert.Contains(expected, Assert.Throws<CommandFailedException>(() => ModelPath.Resolve(name)).Message, StringComparison.Ordinal);

    private static int Ask(string answer, string name)
    {
        var terminal = new Terminal { In = new StringReader(answer), Out = TextWriter.Null, Error = TextWriter.Null, OpenInput = () => Stream.Null, InputIsTerminal = true };
        return CommandLine.RunAsync(["models", "rm", name], terminal, default).GetAwaiter().GetResult();
    }

    private void Store(string name, bool complete, params string[] files)
    {
        var folder = Path.Combine(_folder["home"], "models", name.Replace('/', Path.DirectorySeparatorChar));
        new StoredModel(name, "main", TestHub.Commit, DateTimeOffset.UnixEpoch, complete, [.. files.Select(file => new StoredFile(file, 1, "", TestHub.Commit))]).Write(folder);
    }
}
