using System.Text;
using Keypace.Domain.Protocols.OpenAi;

namespace Keypace.Tests.Domain.Protocols;

public sealed class OpenAiAnswersTests
{
    [Theory]
    [InlineData(200, "{\"id\":\"c\",\"choices\":[{\"message\":{\"content\":\"an \\\"error\\\" <html>\"}}]}")]
    [InlineData(200, "{\"error\":null,\"choices\":[{}]}")]
    [InlineData(200, "{\"id\":\"c\",\"choices\":[{\"delta")]
    [InlineData(200, "\uFEFF{\"choices\":[{}]}")]
    [InlineData(200, "{\"choices\":[null,{\"index\":1}],\"error\":1}")]
    [InlineData(200, "data: {\"id\":\"c\",\"choices\":[{\"delta\":{\"content\":\"an \\\"error\\\"\"}}]}\n\n")]
    [InlineData(200, "data: {\"error\":{\"message\":\"half")]
    [InlineData(200, "data: [DONE]\n\n")]
    [InlineData(200, "data:")]
    [InlineData(200, "da")]
    [InlineData(200, "{\"object\":\"list\",\"data\":[{\"embedding\":[]}]}")]
    [InlineData(200, "{\"output\":[{}]}")]
    [InlineData(200, "{\"id\":\"r\",\"object\":\"response\",\"status\":\"failed\",\"error\":{\"code\":\"server_error\"},\"output\":[]}")]
    [InlineData(200, "event: response.created\ndata: {\"error\":null,\"object\":\"response\"}\n\n")]
    [InlineData(200, "data: {\"choices\":[],\"usage\":{}}\n\n")]
    [InlineData(200, ": PROCESSING\n\n")]
    [InlineData(200, "\n\n")]
    [InlineData(400, "{\"error\":{\"message\":\"no\"}}")]
    [InlineData(503, "busy")]
    [InlineData(400, "[]")]
    public void An_answer_in_openais_words_passes(int status, string body) => Assert.False(OpenAiAnswers.IsSuspicious(status, Encoding.UTF8.GetBytes(body), isWhole: false));

    [Theory]
    [InlineData(200, "", 502, "hub_answer_unreadable", "empty body")]
    [InlineData(200, " \n<!DOCTYPE html><html>", 502, "hub_answer_unreadable", "web page")]
    [InlineData(502, "<html><h1>bad gateway</h1></html>", 502, "hub_error", "a web page instead of JSON (\"bad gateway\")")]
    [InlineData(404, "", 404, "hub_error", "empty body")]
    [InlineData(200, "{\"error\":{\"code\":429,\"message\":\"slow\\ndown\"}}", 429, "hub_error", "slow down")]
    [InlineData(200, "{\"error\":{\"code\":\"402\",\"message\":\"credits\"}}", 402, "402", "credits")]
    [InlineData(200, "{\"error\":{\"type\":\"rate_limit_exceeded\",\"message\":\"wait\"}}", 429, "rate_limit_exceeded", "wait")]
    [InlineData(200, "{\"error\":\"model is loading\"}", 502, "hub_error", "model is loading")]
    [InlineData(200, "{\"code\":\"invalid_request\",\"error\":\"bad\"}", 400, "invalid_request", "bad")]
    [InlineData(200, "{\"error\":{}}", 502, "hub_error", "no reason")]
    [InlineData(200, "{\"choices\":null,\"error\":{\"code\":503,\"message\":\"full\"}}", 503, "hub_error", "full")]
    [InlineData(200, "{\"error\":{\"code\":429,\"message\":\"full\"},\"choices\":[]}", 429, "hub_error", "full")]
    [InlineData(200, "{\"choices\":{},\"error\":\"full\"}", 502, "hub_error", "full")]
    [InlineData(200, "{\"choices\":[null],\"error\":\"full\"}", 502, "hub_error", "full")]
    [InlineData(200, "{\"x\":{\"choices\":[{}]},\"error\":\"full\"}", 502, "hub_error", "full")]
    [InlineData(200, "{\"error\":{\"code\":400,\"message\":\"no \\\"choices\\\" for you\"}}", 400, "hub_error", "for you")]
    [InlineData(200, "[{\"error\":{\"code\":429,\"message\":\"quota\",\"status\":\"RESOURCE_EXHAUSTED\"}}]", 429, "hub_error", "quota")]
    [InlineData(200, "{\"errors\":[{\"message\":\"AiError\",\"code\":5006}],\"success\":false}", 502, "hub_error", "AiError")]
    [InlineData(200, "{\"object\":\"error\",\"message\":\"too long\",\"type\":\"invalid_request_error\",\"code\":400}", 400, "invalid_request_error", "too long")]
    [InlineData(200, "{\"detail\":\"Not Found\"}", 502, "hub_error", "Not Found")]
    [InlineData(200, "[]", 502, "hub_answer_unreadable", "[]")]
    [InlineData(200, "{}", 502, "hub_answer_unreadable", "no answer of this route")]
    [InlineData(200, "{\"choices\":null}", 502, "hub_answer_unreadable", "null")]
    [InlineData(200, "null", 502, "hub_answer_unreadable", "null")]
    [InlineData(201, "\"busy\"", 502, "hub_answer_unreadable", "busy")]
    [InlineData(200, "upstream connect error", 502, "hub_answer_unreadable", "upstream connect error")]
    [InlineData(200, "{\"error\" broken", 502, "hub_answer_unreadable", "broken")]
    [InlineData(200, "data: {\"error\":{\"code\":429,\"message\":\"slow down\"}}\n\ndata: [DONE]\n\n", 429, "hub_error", "slow down")]
    [InlineData(200, "data:{\"error\":{\"type\":\"overloaded_error\",\"message\":\"busy\"}}\r\n\r\n", 503, "overloaded_error", "busy")]
    [InlineData(200, "data: {\"choices\":[],\"error\":{\"code\":503,\"message\":\"busy\"}}\r\r", 503, "hub_error", "busy")]
    [InlineData(200, "\uFEFFid: 1\nevent: error\ndata: {\"choices\":null,\ndata: \"error\":{\"code\":503,\"message\":\"busy\"}}\n\n", 503, "hub_error", "busy")]
    public void What_is_no_answer_has_a_status_and_the_hubs_words(int status, string body, int expected, string code, string words)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.True(OpenAiAnswers.IsSuspicious(status, bytes, isWhole: false) && OpenAiAnswers.IsSuspicious(status, bytes, isWhole: true));
        var fault = OpenAiAnswers.Fault(status, bytes);
        Assert.NotNull(fault);
        Assert.Equal((expected, code), (fault.Status, fault.Code));
        Assert.Contains(words, fault.Words, StringComparison.Ordinal);
    }

    /// <summary>Known where nothing comes behind it; where more may come, it passes on.</summary>
    [Theory]
    [InlineData(" \r\n", "empty body")]
    [InlineData("{\"choices\":[{\"message\":{\"content\":\"a", "choices")]
    [InlineData("{\"choices\":[{\"message\":{}}],", "choices")]
    [InlineData("{\"object\":\"response\",\"output\":[{\"id\":NaN}]", "NaN")]
    public void What_was_cut_off_is_none(string body, string words)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Assert.False(OpenAiAnswers.IsSuspicious(200, bytes, isWhole: false));
        Assert.True(OpenAiAnswers.IsSuspicious(200, bytes, isWhole: true));
        var fault = OpenAiAnswers.Fault(200, bytes);
        Assert.Equal((502, "hub_answer_unreadable"), (fault?.Status, fault?.Code));
        Assert.Contains(words, fault!.Words, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{\"choices\":[{}]}")]
    [InlineData("{\"choices\":[{}]}\r\n ")]
    [InlineData(": PROCESSING\n\n")]
    [InlineData("data: [DONE]\n\n")]
    public void A_whole_answer_passes(string body) => Assert.False(OpenAiAnswers.IsSuspicious(200, Encoding.UTF8.GetBytes(body), isWhole: true));

    [Theory]
    [InlineData("{\"id\":\"c\",\"choices\":[],\"error\":null}")]
    [InlineData("{\"choices\":[],\"error\":{}}")]
    [InlineData("{\"choices\":[],\"prompt_filter_results\":[]}")]
    [InlineData("{\"output\":[]}")]
    [InlineData("{\"object\":\"list\",\"data\":[],\"error\":null}")]
    [InlineData("{\"x\":\"\\ud800\",\"choices\":[{\"message\":{\"content\":\"\\ud83d\"}}]}")]
    [InlineData("data: {\"error\":null}\n\n")]
    [InlineData("data: {\"error\" broken\n\n")]
    [InlineData("data: {\"x\":{\"error\":1}}\n\n")]
    public void What_only_looks_like_an_error_passes(string body) => Assert.Null(OpenAiAnswers.Fault(200, Encoding.UTF8.GetBytes(body)));

    [Fact]
    public void An_answer_is_known_however_it_is_cut_and_padded()
    {
        var whole = Encoding.UTF8.GetBytes($$$"""{"id":"{{{new string('y', 40_000)}}}","error":null,"choices":[{"index":0}]}""");
        Assert.True(OpenAiAnswers.IsSuspicious(200, whole.AsSpan(0, 16_384), isWhole: false));
        Assert.Null(OpenAiAnswers.Fault(200, whole));
        Assert.Null(OpenAiAnswers.Fault(200, new byte[64 * 1024]));   // more than is looked at
    }
}
