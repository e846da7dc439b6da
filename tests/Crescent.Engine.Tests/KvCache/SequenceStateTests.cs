using Crescent.Engine.KvCache;
using Crescent.Engine.Models;
using Crescent.Kernels.Attention;
using Xunit;

namespace Crescent.Tests.KvCache;

/// <summary>The states of recurrent layers: with whom they go, and which are kept.</summary>
public sealed class SequenceStateTests
{
    private const int PageTokens = PagedAttention.PageTokens;

    private static readonly KvCacheLayout s_layout = new([KvLayerShape.Recurrent(20), new KvLayerShape(1, 12, 0), KvLayerShape.Recurrent(5)], KvType.F32);

    [Fact]
    public void A_recurrent_layer_takes_no_room_in_pages_and_its_own_in_the_state()
    {
        Assert.Equal([0L, 32, 32], s_layout.StateOffsets);
        Assert.Equal(48, s_layout.StateFloats);
        Assert.Equal(48 * sizeof(float), s_layout.StateBytes);
        Assert.Equal(PageTokens * 12 * sizeof(float), s_layout.PageBytes);
        Assert.Equal(0, s_layout.Layers[0].Bytes);
        Assert.Equal(0, new KvCacheLayout([new KvLayerShape(2, 8, 8)], KvType.F16).StateFloats);
    }

    [Fact]
    public void A_model_without_recurrent_layers_has_no_states()
    {
        using var pool = new PagePool(new KvCacheLayout([new KvLayerShape(1, 8, 8)], KvType.F32), 2);
        var pages = new SequencePages(pool);
        Assert.True(pages.TryReserve(40));
        Assert.Null(pages.State);
        Assert.Equal(2 * pool.Layout.PageBytes, pool.AllocatedBytes);
    }

    [Fact]
    public void A_sequence_begins_with_zeros_in_memory_that_another_has_used()
    {
        using var pool = new PagePool(s_layout, 4);
        var first = new SequencePages(pool);
        Assert.Null(first.State);
        Assert.True(first.TryReserve(1));
        first.State!.Values.Span(0, 48).Fill(7);
        first.Release();
        Assert.Null(first.State);
        var second = new SequencePages(pool);
        Assert.True(second.TryReserve(1));
        Assert.Equal(new float[48], second.State!.Values.Span(0, 48).ToArray());
        Assert.Equal(s_layout.PageBytes + s_layout.StateBytes, pool.AllocatedBytes);
    }

    [Fact]
    public void States_claim_their_memory_and_give_it_back()
    {
        var claimed = 0L;
        using (var pool = new PagePool(s_layout, 4, claim: bytes => (claimed += bytes) > 0))
        {
            Assert.True(new SequencePages(pool).TryReserve(1));
            Assert.Equal(s_layout.PageBytes + s_layout.StateBytes, claimed);
            Assert.Equal(pool.AllocatedBytes, claimed);
        }

        Assert.Equal(0, claimed);
    }

    [Fact]
    public void Without_memory_for_its_state_a_sequence_cannot_begin()
    {
        using var pool = new PagePool(s_layout, 4, claim: bytes => bytes != s_layout.StateBytes);
        var pages = new SequencePages(pool);
        Assert.False(pages.TryReserve(1));
        Assert.Null(pages.State);
        Assert.True(pool.IsShortOfMemory);
        Assert.Equal(0, pool.AllocatedBytes);
    }

    [Fact]
    public void Where_memory_is_short_a_kept_state_gives_way_and_one_that_is_shared_goes_on()
    {
        var left = 2 * s_layout.StateBytes;
        using var pool = new PagePool(s_layout, 8, claim: bytes => bytes == s_layout.PageBytes || (left -= bytes) >= 0);
        int[] tokens = [.. Enumerable.Range(0, PageTokens + 1)];
        var first = new SequencePages(pool, tokens.Length);
        Assert.True(first.TryReserve(tokens.Length));
        first.PlanSave(tokens, 0, tokens.Length, tokens.Length);
        first.State!.Saved!.Span(0, 48).Fill(3);
        first.Publish(tokens, tokens.Length);

        // Both states are in use or kept: the shared one is not copied but taken.
        var second = new SequencePages(pool, tokens.Length);
        Assert.Equal(PageTokens, second.SharePrefix(tokens, PageTokens));
        Assert.Equal(Enumerable.Repeat(3f, 48), second.State!.Values.Span(0, 48).ToArray());
        second.PlanSave(tokens, PageTokens, tokens.Length, tokens.Length);
        Assert.Equal(0, second.State.SaveAt);
        Assert.False(new SequencePages(pool).TryReserve(1));
        second.Release();
        Assert.True(new SequencePages(pool).TryReserve(1));
        first.Release();
        pool.CheckIntegrity();
    }

    [Theory]
    // Prompt, steps: the boundary before the prompt's last token, once it is passed; else the last boundary passed.
    [InlineData(100, 0, 100, 96)]
    [InlineData(96, 0, 96, 64)]
    [InlineData(97, 0, 97, 96)]
    [InlineData(100, 0, 70, 64)]
    [InlineData(100, 70, 100, 96)]
    [InlineData(100, 64, 90, 0)]
    [InlineData(100, 0, 31, 0)]
    [InlineData(20, 0, 20, 0)]
    [InlineData(20, 31, 32, 32)]
    [InlineData(20, 32, 33, 0)]
    [InlineData(40, 0, 200, 32)] // a sequence computed again
    public void A_state_is_saved_at_the_end_of_the_prompt_and_at_the_last_boundary(int prompt, int first, int end, int at)
    {
        using var pool = new PagePool(s_layout, 10);
        var pages = new SequencePages(pool);
        Assert.True(pages.TryReserve(end));
        pages.PlanSave(Tokens(300), first, end, prompt);
        Assert.Equal(at, pages.State!.SaveAt);
        Assert.Equal(at > 0, pages.State.Saved is not null);
        var batch = new Batch(256);
        batch.Add(Tokens(300).AsSpan(first, end - first), first, pages, isPrompt: true);
        Assert.Equal((0, end - first, at > 0 ? at - first : 0), (batch.RecurrentSpans[0].FirstRow, batch.RecurrentSpans[0].Count, batch.RecurrentSpans[0].SaveAfter));
    }

    [Fact]
    public void Prompt_and_generated_tokens_of_a_sequence_are_one_span_of_the_recurrence()
    {
        using var pool = new PagePool(s_layout, 10);
        var (first, second) = (new SequencePages(pool), new SequencePages(pool));
        Assert.True(first.TryReserve(20) && second.TryReserve(20));
        var batch = new Batch(64);
        batch.Add(Tokens(5), 0, first, isPrompt: true);
        batch.Add(Tokens(3), 5, first, isPrompt: false);
        batch.Add(Tokens(4), 0, second, isPrompt: true);
        Assert.Equal(3, batch.Spans.Length);
        Assert.Equal(2, batch.RecurrentSpans.Length);
        Assert.Equal((0, 8), (batch.RecurrentSpans[0].FirstRow, batch.RecurrentSpans[0].Count));
        Assert.Equal((8, 4), (batch.RecurrentSpans[1].FirstRow, batch.RecurrentSpans[1].Count));
        batch.Clear();
        Assert.Equal(0, batch.RecurrentSpans.Length);
    }

    [Fact]
    public void A_prefix_is_shared_as_far_as_a_state_was_kept()
    {
        using var pool = new PagePool(s_layout, 10);
        Compute(pool, length: 130, prompt: 70); // kept at 64 (prompt) and 128 (end)
        Assert.Equal((128, 128f), Share(pool, 160));
        Assert.Equal((128, 128f), Share(pool, 128));
        Assert.Equal((64, 64f), Share(pool, 127));
        Assert.Equal((0, null), Share(pool, 63));
        pool.CheckIntegrity();
    }

    [Fact]
    public void The_end_of_a_prompt_is_offered_while_its_sequence_runs()
    {
        using var pool = new PagePool(s_layout, 10);
        var running = new SequencePages(pool);
        Step(running, 0, 50, prompt: 50);
        Step(running, 50, 51, prompt: 50);
        Assert.Equal((0, null), Share(pool, 60));
        running.Publish(Tokens(300), 51);
        Assert.Equal((32, 32f), Share(pool, 60));
        Assert.Null(running.State!.Saved);
        pool.CheckIntegrity();

        // Nothing of its own answer is offered before it ends.
        for (var i = 51; i < 70; i++)
        {
            Step(running, i, i + 1, prompt: 50);
        }

        running.Publish(Tokens(300), 70);
        Assert.Equal((32, 32f), Share(pool, 80));
        running.Release();
        Assert.Equal((64, 64f), Share(pool, 80));
        pool.CheckIntegrity();
    }

    [Fact]
    public void A_copy_is_taken_so_that_sequences_do_not_write_to_what_they_share()
    {
        using var pool = new PagePool(s_layout, 10);
        Compute(pool, length: 40, prompt: 40);
        var (first, second) = (new SequencePages(pool), new SequencePages(pool));
        Assert.Equal(32, first.SharePrefix(Tokens(300), 60));
        first.State!.Values.Span(0, 48).Fill(-1);
        Assert.Equal(32, second.SharePrefix(Tokens(300), 60));
        Assert.Equal(32f, second.State!.Values[0]);
        first.Release();
        second.Release();
        Assert.Equal((32, 32f), Share(pool, 60));
    }

    [Fact]
    public void The_least_recently_used_state_goes_first_and_its_pages_stay()
    {
        using var pool = new PagePool(s_layout, 20, maxKeptStates: 2);
        foreach (var seed in (int[])[1, 2])
        {
            Compute(pool, length: 40, prompt: 40, seed);
        }

        Assert.Equal((32, 32f), Share(pool, 40, seed: 1));
        Compute(pool, length: 40, prompt: 40, seed: 3);
        Assert.Equal((0, null), Share(pool, 40, seed: 2));
        Assert.Equal((32, 32f), Share(pool, 40, seed: 1));
        Assert.Equal((32, 32f), Share(pool, 40, seed: 3));
        pool.CheckIntegrity();
        Assert.Equal(20, pool.Available);
    }

    [Fact]
    public void A_page_that_is_wanted_for_something_else_takes_its_state_along()
    {
        using var pool = new PagePool(s_layout, 2);
        Compute(pool, length: 40, prompt: 40, seed: 1);
        var large = new SequencePages(pool);
        Assert.True(large.TryReserve(64));
        large.Release();
        Assert.Equal((0, null), Share(pool, 40, seed: 1));
        pool.CheckIntegrity();
    }

    [Fact]
    public void A_pool_that_keeps_no_states_shares_nothing()
    {
        using var pool = new PagePool(s_layout, 4, maxKeptStates: 0);
        Compute(pool, length: 100, prompt: 50);
        Assert.Equal((0, null), Share(pool, 100));
        pool.CheckIntegrity();
    }

    // Runs a sequence in one step and ends it.
    private static void Compute(PagePool pool, int length, int prompt, int seed = 0)
    {
        var pages = new SequencePages(pool);
        Step(pages, 0, prompt, prompt, seed);
        for (var i = prompt; i < length; i++)
        {
            Step(pages, i, i + 1, prompt, seed);
        }

        pages.Publish(Tokens(300, seed), length);
        pages.Release();
    }

    // What a step of a model does to a state that counts its tokens.
    private static void Step(SequencePages pages, int first, int end, int prompt, int seed = 0)
    {
        Assert.True(pages.TryReserve(end));
        Assert.Equal(first, (int)pages.State!.Values[0]);
        pages.PlanSave(Tokens(300, seed), first, end, prompt);
        pages.State.Values.Span(0, 48).Fill(end);
        if (pages.State.SaveAt > 0)
        {
            pages.State.Saved!.Span(0, 48).Fill(pages.State.SaveAt);
        }
    }

    private static (int Shared, float? State) Share(PagePool pool, int limit, int seed = 0)
    {
        var pages = new SequencePages(pool);
        var shared = pages.SharePrefix(Tokens(300, seed), limit);
        var state = pages.State?.Values[0];
        pages.Release();
        return (shared, state);
    }

    private static int[] Tokens(int count, int seed = 0) => [.. Enumerable.Range(seed * 1000, count)];
}
