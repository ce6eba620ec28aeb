// SPDX-License-Identifier: Apache-2.0
// Java HttpURLConnection: one process, in threads too.
import java.net.Authenticator;
import java.net.HttpURLConnection;
import java.net.PasswordAuthentication;
import java.net.URL;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class HttpURLConnectionClient {
    static int bad = 0;

    static String fetch(String method, String url, int length) {
        try {
            HttpURLConnection c = (HttpURLConnection) new URL(url).openConnection();
            c.setRequestMethod(method);
            c.setReadTimeout(20000);
            if (length > 0) {
                c.setDoOutput(true);
                c.getOutputStream().write("a".repeat(length).getBytes());
            }
            c.getInputStream().readAllBytes();
            return "" + c.getResponseCode();
        } catch (Exception e) {
            return e.toString();
        }
    }

    static void together(String site, List<String> targets) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(targets.size());
        List<Callable<String>> calls = targets.stream()
            .map(t -> (Callable<String>) () -> fetch("GET", site + t, 0)).toList();
        for (Future<String> one : pool.invokeAll(calls)) check("ALL", one.get());
        pool.shutdown();
    }

    static void check(String step, String status) {
        if (status.equals("200")) return;
        bad = 1;
        System.err.println(step + " " + status);
    }

    public static void main(String[] arguments) throws Exception {
        String site = arguments[0], user = arguments[1];
        char[] password = arguments[2].toCharArray();
        Authenticator.setDefault(new Authenticator() {
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(user, password);
            }
        });
        for (String step : Arrays.copyOfRange(arguments, 3, arguments.length)) {
            List<String> words = List.of(step.split(" "));
            switch (words.get(0)) {
                case "SLEEP" -> Thread.sleep((long) (1000 * Double.parseDouble(words.get(1))));
                case "ALL" -> together(site, words.subList(1, words.size()));
                case "POST" -> check(step, fetch("POST", site + words.get(1), Integer.parseInt(words.get(2))));
                default -> check(step, fetch(words.get(0), site + words.get(1), 0));
            }
        }
        System.exit(bad);
    }
}
