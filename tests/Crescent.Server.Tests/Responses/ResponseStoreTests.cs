using Crescent.Server.Responses;
using Crescent.Server.Responses.Wire;
using Crescent.Text.Templates;
using Xunit;

namespace Crescent.Tests.Responses;

public sealed class ResponseStoreTests
{
    [Fact]
    public void What_was_used_longest_ago_goes_first()
    {
        var store = new ResponseStore(mostResponses: 2);
        store.Add(Response("a", 10));
        store.Add(Response("b", 10));
        Assert.NotNull(store.Find("a", owner: 1));
        store.Add(Response("c", 10));
        Assert.Equal((true, false, true), (store.Find("a", owner: 1) is not null, store.Find("b", owner: 1) is not null, store.Find("c", owner: 1) is not null));
        Assert.Null(store.Find("a", owner: 0));
        Assert.False(store.Remove("a", owner: 0));
        Assert.True(store.Remove("a", owner: 1));
        Assert.False(store.Remove("a", owner: 1));
        Assert.Null(store.Find("a", owner: 1));
    }

    [Fact]
    public void Bytes_have_a_limit_too()
    {
        var store = new ResponseStore(mostBytes: 10_000);
        for (var i = 0; i < 20; i++)
        {
            store.Add(Response($"r{i}", 1000));
        }

        Assert.Equal(Enumerable.Range(16, 4), Enumerable.Range(0, 20).Where(i => store.Find($"r{i}", owner: 1) is not null));
        store.Add(Response("large", 6000));
        Assert.Null(store.Find("large", owner: 1));
    }

    private static StoredResponse Response(string id, int length) => new(1, new ResponseReply(id, 0, "m"), [new ChatMessage("user", new string('x', length))]);
}
