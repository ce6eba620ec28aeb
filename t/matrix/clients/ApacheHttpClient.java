// SPDX-License-Identifier: Apache-2.0
// Apache HttpClient 4: one client and one context; a context for each thread.
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.http.auth.AuthScope;
import org.apache.http.auth.UsernamePasswordCredentials;
import org.apache.http.client.CredentialsProvider;
import org.apache.http.client.methods.CloseableHttpResponse;
import org.apache.http.client.methods.HttpGet;
import org.apache.http.client.methods.HttpPost;
import org.apache.http.client.methods.HttpUriRequest;
import org.apache.http.client.protocol.HttpClientContext;
import org.apache.http.entity.StringEntity;
import org.apache.http.impl.client.BasicCredentialsProvider;
import org.apache.http.impl.client.CloseableHttpClient;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.util.EntityUtils;

public class ApacheHttpClient {
    static int bad = 0;
    static CloseableHttpClient client;

    static String fetch(HttpUriRequest request, HttpClientContext context) {
        try (CloseableHttpResponse answer = client.execute(request, context)) {
            EntityUtils.consume(answer.getEntity());
            return "" + answer.getStatusLine().getStatusCode();
        } catch (Exception e) {
            return e.toString();
        }
    }

    static HttpUriRequest post(String url, int length) throws Exception {
        HttpPost request = new HttpPost(url);
        request.setEntity(new StringEntity("a".repeat(length)));
        return request;
    }

    static void together(String site, List<String> targets) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(targets.size());
        List<Callable<String>> calls = targets.stream()
            .map(t -> (Callable<String>) () -> fetch(new HttpGet(site + t), HttpClientContext.create())).toList();
        for (Future<String> one : pool.invokeAll(calls)) check("ALL", one.get());
        pool.shutdown();
    }

    static void check(String step, String status) {
        if (status.equals("200")) return;
        bad = 1;
        System.err.println(step + " " + status);
    }

    public static void main(String[] arguments) throws Exception {
        String site = arguments[0];
        CredentialsProvider login = new BasicCredentialsProvider();
        login.setCredentials(AuthScope.ANY, new UsernamePasswordCredentials(arguments[1], arguments[2]));
        client = HttpClients.custom().setDefaultCredentialsProvider(login)
            .setMaxConnPerRoute(20).setMaxConnTotal(20).build();
        HttpClientContext context = HttpClientContext.create();
        for (String step : Arrays.copyOfRange(arguments, 3, arguments.length)) {
            List<String> words = List.of(step.split(" "));
            switch (words.get(0)) {
                case "SLEEP" -> Thread.sleep((long) (1000 * Double.parseDouble(words.get(1))));
                case "ALL" -> together(site, words.subList(1, words.size()));
                case "POST" -> check(step, fetch(post(site + words.get(1), Integer.parseInt(words.get(2))), context));
                default -> check(step, fetch(new HttpGet(site + words.get(1)), context));
            }
        }
        System.exit(bad);
    }
}
